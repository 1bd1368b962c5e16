GO ?= go
FUZZTIME ?= 20000x
BENCHES = ./broker ./gateway ./internal/... ./mapping ./mqttsn/... ./transport/...

.PHONY: all build packages docs test tools lint fuzz bench clean

all: build

build:
	$(GO) build -o bin/ ./cmd/... ./firmware-sim

# Debian packages and tarballs below dist/, for Raspberry Pis and PCs.
packages:
	@./packaging/build

# What is made from config.toml.
docs:
	$(GO) run ./packaging/generate -docs docs

# What the tests run against beside Go: real MQTT clients and a broker to
# compare with. Installed if this may; without them the tests fail, never skip.
tools:
	@./scripts/install-test-tools

lint:
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	cd interop/paho && $(GO) vet ./...
	GOARCH=arm GOARM=6 $(GO) build ./... # a Raspberry Pi Zero
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...

test: tools lint
	$(GO) test -race -timeout 15m ./...
	$(GO) test -run '^$$' -bench . -benchtime 1x $(BENCHES) # that they run; CI's machines measure nothing
	@./scripts/fuzz $(FUZZTIME)

fuzz:
	@./scripts/fuzz $(FUZZTIME)

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf bin dist
