# The commands of this repository; each is a script of the same name in scripts/.

.PHONY: help run demo watch test check bench soak

help:
	@echo "make run    build the release and serve http://127.0.0.1:3000, data in ./data"
	@echo "make demo   the same with a sample team, data in ./data-demo; prints how to sign in"
	@echo "make watch  serve a development build, rebuilt and restarted after every change of a source file"
	@echo "make test   every test: unit, both databases, HTTP, browser"
	@echo "make check  formatting, lints, dependencies and licences"
	@echo "make bench  build the release and measure it"
	@echo "make soak   long tests: floods, faults, shutdown under load; PART=name runs one part, PART=? lists the parts"

run demo watch test check bench soak:
	@scripts/$@.sh
