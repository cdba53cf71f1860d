# Every target works with only Python 3.11 to 3.13, make and git: the first run fetches uv if it is missing and installs
# requirements.lock into .venv; later runs touch neither the network nor the environment.
#   make PYTHON=/path/to/python3.13   which Python .venv is made of (default: the first on the PATH that fits)
#   make test ARGS="-k cells -x"      more arguments for the command behind test, demo, dev or bench
export PYTHON

# A stamp is named after what it stands for and written last: an interrupted install leaves none, and an edited
# pyproject.toml or a moved checkout installs the project again, without network, but not its packages.
packages := .venv/.packages-$(shell cksum <requirements.lock | tr ' ' -)
project := .venv/.project-$(shell { pwd; cat pyproject.toml; } | cksum | tr ' ' -)
python_runs := $(shell .venv/bin/python -c '' 2>/dev/null && echo yes)
bin := .venv/bin

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

demo: $(project) ## make a dataset from the sample world and show what is in it
	@$(bin)/internvid demo $(ARGS)

dev: $(project) ## open the Dagster UI (webserver and daemon) on 127.0.0.1
	@$(bin)/internvid dev $(ARGS)

test: $(project) ## run the tests
	@$(bin)/python -m pytest $(ARGS)

lint: $(project) ## formatting, rules, types and the lock of recipes
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/pyright
	$(bin)/python -m pytest --quiet --numprocesses 0 internvid_assets_tests/test_recipes_lock.py

bench: $(project) ## our speed as ratios against named peers
	@$(bin)/python -m benchmarks $(ARGS)

lock: ## pin the newest versions that fit the lock so far; all of them with ARGS=--upgrade
	.ci/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --custom-compile-command "make lock" --quiet --output-file requirements.lock $(ARGS)

clean: ## remove the environment, caches and builds; never data
	rm -rf .venv .uv dist .pytest_cache .ruff_cache .hypothesis
	find internvid_assets internvid_assets_tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

ifneq ($(python_runs),yes)
.PHONY: $(packages)
endif

$(packages):
	@.ci/packages
	@rm -f .venv/.packages-* && touch $@

# hatchling comes from the lock: nothing is fetched that has no hash there.
$(project): $(packages)
	@.ci/uv pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@rm -f .venv/.project-* && touch $@

.PHONY: help demo dev test lint bench lock clean
