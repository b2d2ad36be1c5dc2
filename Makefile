# The commands of this repository; each is a script of the same name in scripts/.

.PHONY: help run demo test check bench soak

help:
	@echo "make run    build the release and serve http://127.0.0.1:3000, data in ./data"
	@echo "make demo   the same with a sample team, data in ./data-demo; prints how to sign in"
	@echo "make test   every test: unit, both databases, HTTP, browser"
	@echo "make check  formatting, lints, dependencies and licences"
	@echo "make bench  build the release and measure it"
	@echo "make soak   what takes long: floods, faults, stops under load; PART=name runs one part, PART=? lists them"

run demo test check bench soak:
	@scripts/$@.sh
