# Two commands are for everybody: `make run` and `make test`. The others are for whoever changes the program.
PYTHON ?= python3
UV     ?= uv
ROUNDS ?= 20

PY      := .venv/bin/python
# one more than there are processors, because many tests wait: for a lease to end, for a browser, for a process
JOBS    := $(shell $(PYTHON) -c 'import os; print(min(1 + (os.cpu_count() or 1), 4))')
PYTEST  := $(PY) -m pytest -n $(JOBS) --dist worksteal
BROWSER := $(shell command -v chromium)
LOCK    := pip compile --quiet --universal --no-strip-extras --generate-hashes --python-version 3.11 \
           --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help run demo-reset test cover check static fix kill bench mutants lock env env-dev

help:  ## 列出这些命令
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: env  ## 安装并启动，浏览器打开 http://127.0.0.1:8000/
	@$(PY) app.py run $(if $(wildcard config.toml),,--demo)

demo-reset: env  ## 清空数据，重新载入演示公司
	@KEBAN__PLAYGROUND__ENABLED=true $(PY) app.py demo --reset

test: env-dev  ## 安装并跑全部测试
	@$(if $(BROWSER),,echo '没有找到 Chromium，浏览器测试不跑。' >&2)
	@$(PYTEST) $(if $(BROWSER),,-m 'not browser')

cover: env-dev  ## 跑全部测试，看哪些行没有跑到；不低于 97%
	@$(PYTEST) $(if $(BROWSER),,-m 'not browser') --cov --cov-fail-under=97

check: static  ## 提交前：格式、规则、类型、依赖和快测试（只在 SQLite 上）
	@$(PYTEST) -m "not slow and not browser and not kill" -k "not postgresql"

static: env-dev  ## 只做不用运行的检查：格式、规则、类型、依赖
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -m deptry . --config .ci/deptry.toml

fix: env-dev  ## 整理格式，改掉能自动改的
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

kill: env-dev  ## 工作到一半时强行结束进程，看有没有丢事、重复；ROUNDS=20
	@PYTHONPATH=. $(PY) tests/kill.py --rounds $(ROUNDS)

bench: env-dev  ## 和一个空的 Flask 路由比速度；发一万条消息，看离平台的限速多近
	@PYTHONPATH=. $(PY) tests/bench.py
	@PYTHONPATH=. $(PY) tests/bench_delivery.py

mutants: env-dev  ## 故意改坏程序，看测试抓不抓得到
	@PYTHONPATH=. $(PY) tests/mutants.py

lock:  ## 由 requirements*.in 重新算出 requirements*.txt（需要 uv）
	@$(UV) $(LOCK) requirements.in -o requirements.txt
	@$(UV) $(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt

env:
	@$(PYTHON) tools/setup_env.py requirements.txt

env-dev:
	@$(PYTHON) tools/setup_env.py requirements-dev.txt
