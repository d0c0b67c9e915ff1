# empire: targets for people. `make help` lists them.
GO      ?= go
PKGS    ?= ./...
FLAGS   ?= -p 2 -timeout 30m

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the binary ./empire, static and stripped
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o empire ./cmd/empire

.PHONY: run
run: ## run the demo: a sample niche becomes a served website
	$(GO) run ./cmd/empire demo

.PHONY: test
test: ## run all tests that this machine can run
	$(GO) test $(FLAGS) $(PKGS)

.PHONY: skipped
skipped: ## name the tests that this machine cannot run, and what they lack
	@$(GO) test -v $(FLAGS) $(PKGS) | grep -E -- '--- SKIP|missing: ' || echo none

.PHONY: check
check: ## the gate before a commit: format, vet, linters, layers, tests with the race detector
	@test -z "$$(gofmt -l client cmd internal)" || { gofmt -l client cmd internal; echo "run gofmt"; exit 1; }
	$(GO) vet $(PKGS)
	staticcheck $(PKGS)
	golangci-lint run $(PKGS)
	CGO_ENABLED=1 $(GO) test -race -shuffle=on $(FLAGS) $(PKGS)

.PHONY: golden
golden: ## rewrite golden files after a wanted change; read the diff
	$(GO) test ./cmd/empire ./internal/sitegen ./internal/api -update

.PHONY: fuzz
fuzz: ## run every fuzz target for 20 s
	@for pkg in $$($(GO) list $(PKGS)); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime 20s $$pkg || exit 1; \
	  done; done

.PHONY: kill-test
kill-test: ## kill the program at random moments of 200 runs per database; every run must end right
	EMPIRE_TEST_KILLS=200 $(GO) test -count=1 -timeout 3h -v -run TestKillAndResume ./internal/app

.PHONY: storm
storm: ## kill server and workers 200 times over 300 runs and more, embedded and external
	EMPIRE_TEST_STORM_KILLS=200 EMPIRE_TEST_STORM_RUNS=300 $(GO) test -count=1 -timeout 2h -v -run TestKillStorm ./internal/proof
	EMPIRE_TEST_BUDGET_KILLS=200 $(GO) test -count=1 -timeout 1h -v -run TestKilledSpenders ./internal/intelligence/llm

.PHONY: outage
outage: ## cut an installation off its NATS server for 20 s; nothing accepted is lost
	EMPIRE_TEST_OUTAGE_SECONDS=20 $(GO) test -count=1 -timeout 30m -v -run TestBusOutage ./internal/proof

.PHONY: contract
contract: ## 10,000 generated requests against the OpenAPI document; every operation succeeds at least once
	EMPIRE_TEST_FUZZ_REQUESTS=10000 $(GO) test -count=1 -timeout 1h -v -run 'TestContract$$' ./internal/app

.PHONY: sites
sites: ## launch sites from all real feeds on both databases, and check every page
	EMPIRE_TEST_SITES=all $(GO) test -count=1 -timeout 1h -v -run TestLaunchFromRealFeeds ./internal/app

.PHONY: soak
soak: ## 20 minutes of mixed load; goroutines and memory must not grow
	EMPIRE_TEST_SOAK_MINUTES=20 $(GO) test -count=1 -timeout 1h -v -run TestSoak ./internal/proof

.PHONY: judge-sites
judge-sites: ## build whole sites and let Lighthouse, axe, html-validate and the Nu checker judge them
	bash .ci/judges
	EMPIRE_TEST_JUDGE_SITES=all EMPIRE_TEST_REQUIRE=all EMPIRE_TEST_JUDGES="$${EMPIRE_CI_TOOLS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/empire-ci}/judges" \
	  EMPIRE_TEST_VNU="$${EMPIRE_CI_TOOLS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/empire-ci}/node_modules/vnu-jar" \
	  $(GO) test -count=1 -timeout 3h -v -run "TestJudges|TestSearchScoreRanks" ./internal/judge

.PHONY: twins
twins: ## plant every fault, and its harmless twin, in a built site of its own, in two languages
	EMPIRE_TEST_TWINS=each $(GO) test -count=1 -timeout 2h -v -run TestTwinsOnBuiltSites ./internal/proof/sitetest

.PHONY: looks
looks: ## build 200 sites from all feeds: looks, near-duplicates, similarity, sites of one market; LOOKS=DIR draws contact sheets there
	EMPIRE_TEST_LOOKS=200 EMPIRE_TEST_SHEET_DRAFTS="$(if $(LOOKS),$(LOOKS)/drafts)" $(GO) test -count=1 -timeout 2h -v -run '^TestLooks$$|^TestSitesOfOneMarketStandApart$$' ./internal/proof/sitetest
	$(if $(LOOKS),EMPIRE_TEST_SHEET="$(LOOKS)" EMPIRE_TEST_SHEET_DRAFTS="$(LOOKS)/drafts" $(GO) test -count=1 -timeout 1h -v -run TestContactSheet ./internal/judge)

.PHONY: guide
guide: ## take the pictures of docs/guide again, on the sample feed, with Chromium
	EMPIRE_TEST_GUIDE="$(CURDIR)/docs/guide/images" $(GO) test -count=1 -timeout 10m -v -run '^TestGuide' ./internal/app

.PHONY: pictures
pictures: ## take a picture of every page of the dashboard, at both widths, light and dark, full and empty; PICTURES=DIR
	mkdir -p "$(PICTURES)"
	EMPIRE_TEST_SCREENSHOTS="$(abspath $(PICTURES))" EMPIRE_TEST_JUDGES="$${EMPIRE_CI_TOOLS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/empire-ci}/judges" \
	  $(GO) test -count=1 -timeout 30m -v -run '^TestBrowserPictures$$' ./internal/web

.PHONY: bench
bench: ## run the benchmarks of packages; empire bench measures the program
	$(GO) test -run '^$$' -bench . -benchmem $(FLAGS) $(PKGS)

.PHONY: ci
ci: ## what the continuous integration runs
	bash .ci/run
