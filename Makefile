# All targets only need Python 3.11 to 3.13, make and git: the first run fetches uv if it is missing and installs
# requirements.lock into .venv; later runs use neither the network nor change the environment.
#   make PYTHON=/path/to/python3.13   the Python for .venv (default: the first suitable one on the PATH)
#   make test ARGS="-k cells -x"      further arguments for the command of test, demo, dev or bench
export PYTHON

# Stamps are named after a checksum of their inputs and written last: an interrupted install leaves none, and an edited
# pyproject.toml or a moved checkout reinstalls the project, without network, but not its packages.
packages := .venv/.packages-$(shell cksum <requirements.lock | tr ' ' -)
project := .venv/.project-$(shell { pwd; cat pyproject.toml; } | cksum | tr ' ' -)
python_runs := $(shell .venv/bin/python -c '' 2>/dev/null && echo yes)
bin := .venv/bin

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

demo: $(project) ## build a dataset from the sample world and show its contents
	@$(bin)/internvid demo $(ARGS)

dev: $(project) ## start the Dagster UI (webserver and daemon) on 127.0.0.1
	@$(bin)/internvid dev $(ARGS)

test: $(project) ## run the tests
	@$(bin)/python -m pytest $(ARGS)

lint: $(project) ## check formatting, lint rules, types and the recipe lock
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/pyright
	$(bin)/python -m pytest --quiet --numprocesses 0 internvid_assets_tests/test_recipes_lock.py

bench: $(project) ## compare our speed with named peers
	@$(bin)/python -m benchmarks $(ARGS)

lock: ## update requirements.lock, keeping pinned versions where possible; ARGS=--upgrade upgrades all
	.ci/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --custom-compile-command "make lock" --quiet --output-file requirements.lock $(ARGS)

clean: ## remove the environment, caches and builds, but no data
	rm -rf .venv .uv dist .pytest_cache .ruff_cache .hypothesis
	find internvid_assets internvid_assets_tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

ifneq ($(python_runs),yes)
.PHONY: $(packages)
endif

$(packages):
	@.ci/packages
	@rm -f .venv/.packages-* && touch $@

# hatchling comes from the lock, so everything that is fetched has a hash there.
$(project): $(packages)
	@.ci/uv pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@rm -f .venv/.project-* && touch $@

.PHONY: help demo dev test lint bench lock clean
