# « make demo » and « make test » start from a fresh checkout; « make help » lists the rest.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

EPCI ?=
DATE ?=
PORT ?= 8000

BIN := .venv/bin
PYTHON := $(BIN)/python
EXTERNE = $(shell outils/trouver_python.sh 2>/dev/null)
UV_COMPILE = $(PYTHON) -m uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet
# Where outils/navigateur.sh puts a browser when the system has no Chromium package.
export PLAYWRIGHT_BROWSERS_PATH ?= $(CURDIR)/var/navigateurs

.PHONY: help install install-demo demo demo-reset test bench format requirements python \
	paquets-demo paquets-tests lint lint-ruff lint-format lint-types lint-imports lint-templates migrations pytest

help: ## Affiche cette aide
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r cible texte; do printf '  make %-14s %s\n' "$$cible" "$$texte"; done
	@echo
	@echo "  make demo EPCI=<siren> DATE=2027-02-10 PORT=8000"

demo: install-demo ## Lance la démonstration (EPCI, DATE et PORT au choix)
	@exec $(PYTHON) -m outils.demo --avec-parent --epci "$(EPCI)" --date "$(DATE)" --port "$(PORT)"

demo-reset: python ## Arrête la démonstration et efface ses données
	@exec "$(EXTERNE)" -m outils.demo_reset

install: paquets-tests .venv/.dev ## Installe tout ce qu'il faut pour développer

install-demo: paquets-demo .venv/.demo

test: install ## Installe, puis passe toutes les vérifications
	@$(MAKE) lint
	@$(MAKE) migrations
	@$(MAKE) pytest

pytest:
	@TESTING=1 $(PYTHON) -m outils.avec_base --tests -- $(PYTHON) -m pytest -n 2 $(PYTEST)

migrations:
	@TESTING=1 DEMO=1 $(PYTHON) -m outils.avec_base --tests -- $(PYTHON) manage.py makemigrations --check

lint: lint-ruff lint-format lint-types lint-imports lint-templates ## Vérifie le style, les types, les étages

lint-ruff:
	@$(PYTHON) -m ruff check .

lint-format:
	@$(PYTHON) -m ruff format --check .

lint-types:
	@TESTING=1 DEMO=1 $(PYTHON) -m mypy .

lint-imports:
	@TESTING=1 $(BIN)/lint-imports

lint-templates:
	@$(PYTHON) -m djlint --lint --quiet templates

format: .venv/.dev ## Met le code en forme
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

bench: install ## Mesure et écrit bench/resultats.json
	@$(PYTHON) -m outils.avec_base --tests -- $(PYTHON) -m bench

requirements: .venv/.dev ## Recalcule les fichiers requirements*.txt
	@$(PYTHON) -m uv --version >/dev/null 2>&1 || $(PYTHON) -m pip install --quiet uv
	@$(UV_COMPILE) -o requirements.txt >/dev/null
	@$(UV_COMPILE) --extra demo -o requirements-demo.txt >/dev/null
	@$(UV_COMPILE) --extra demo --extra dev -o requirements-dev.txt >/dev/null

python:
	@outils/trouver_python.sh >/dev/null

paquets-demo: python
	@outils/paquets.sh demo "$(EXTERNE)"

paquets-tests: python
	@outils/paquets.sh tests "$(EXTERNE)"

# A stamp is written once all is installed: an interrupted installation starts again.
.venv/.demo: requirements-demo.txt
	@outils/environnement.sh "$(EXTERNE)" requirements-demo.txt
	@touch $@

.venv/.dev: requirements-dev.txt
	@outils/environnement.sh "$(EXTERNE)" requirements-dev.txt
	@outils/navigateur.sh $(PYTHON)
	@touch $@ .venv/.demo
