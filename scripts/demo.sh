#!/usr/bin/env bash
# Serves the sample team, by default with its data in ./data-demo; prints how to sign in.
DATA_DIR="${DATA_DIR:-./data-demo}" exec "$(dirname "$0")/run.sh" demo
