# The two commands: `make run` and `make test`. Each sets up what it needs.
.PHONY: run test build bench fmt lint setup web unit system clean

run: build ## Starts everything on one port: API, bridge, agent, a LiveKit server, the web page
	exec target/release/casp dev

build: setup web ## target/release/casp, complete, the web app inside
	cargo build --release --locked -p casp

setup:
	scripts/setup run

web: setup ## web/dist, which the binary embeds
	scripts/build-web

test: ## Format, lints, unit, whole-system, browser tests
	scripts/setup test
	scripts/test

fmt:
	cargo fmt --all

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi

bench: build ## The load rig and micro-benchmarks; results under benches/results
	scripts/bench
