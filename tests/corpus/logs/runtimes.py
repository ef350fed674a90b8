"""How the programs of each language are run, and what must be there for it."""

from __future__ import annotations

from dataclasses import dataclass

DEBIAN_PACKAGES = """
golang-go golang-github-sirupsen-logrus-dev golang-go.uber-zap-dev golang-github-rs-zerolog-dev golang-k8s-klog-dev
golang-github-hashicorp-go-hclog-dev golang-github-go-kit-log-dev golang-golang-x-exp-dev golang-glog-dev
default-jdk liblog4j2-java liblogback-java libslf4j-java libjackson2-databind-java groovy kotlin scala clojure
ruby ruby-logging ruby-test-unit ruby-sidekiq ruby-activejob php-cli php-monolog lua5.4 lua-logging tcl gawk
rustc cargo librust-tracing-subscriber-dev librust-env-logger-dev librust-anyhow-dev g++ libspdlog-dev
libgoogle-glog-dev elixir r-base-core mono-mcs mono-runtime ocaml-nox ghc guile-3.0 sbcl swi-prolog-nox nim crystal
liblog-log4perl-perl nodejs npm postgresql sqlite3 rsync jq curl git
""".split()
PYTHON_PACKAGES = """
structlog loguru python-json-logger ecs-logging eliot absl-py rich tqdm twisted tornado tenacity requests pydantic click
pandas opentelemetry-sdk google-cloud-logging sqlalchemy psycopg2-binary redis gunicorn flask uvicorn django celery
apscheduler dramatiq alembic scrapy pytest trio
""".split()
"""For a virtual environment `py` in the place."""
NODE_PACKAGES = """
pino pino-pretty winston bunyan log4js loglevel signale consola tslog debug zod mocha typescript express pg deno bun
""".split()
"""For a folder `js` in the place."""

_JARS = ":".join(
    f"/usr/share/java/{name}.jar"
    for name in "log4j-api log4j-core jackson-core jackson-databind jackson-annotations slf4j-api "
    "logback-classic logback-core".split()
)
_LUA = "/usr/share/lua/5.2"
_CARGO = """mkdir -p src .cargo && mv main.rs src/ && printf '%s\\n' '[package]' 'name = "worker"' 'version = "1.0.0"' \
'edition = "2021"' '[dependencies]' 'tracing = "*"' 'env_logger = "*"' 'log = "*"' 'anyhow = "*"' \
'tracing-subscriber = { version = "*", features = ["fmt", "json", "ansi"] }' > Cargo.toml && \
printf '%s\\n' '[source.crates-io]' \
'replace-with = "debian"' '[source.debian]' 'directory = "/usr/share/cargo/registry"' > .cargo/config.toml && \
CARGO_TARGET_DIR={place}/rust cargo build -q --offline && cp {place}/rust/debug/worker ."""
_POSTGRES = """bin=$(echo /usr/lib/postgresql/*/bin); data=$(mktemp -d); chown postgres $data; \
runuser -u postgres -- $bin/initdb -D $data -A trust >/dev/null && \
runuser -u postgres -- $bin/pg_ctl -D $data -o "-c listen_addresses='' -k $data" -l $data/log -w start >/dev/null; \
psql -h $data -U postgres -f main.sql; code=$?; \
runuser -u postgres -- $bin/pg_ctl -D $data -m fast stop >/dev/null; rm -r $data; exit $code"""


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a program is built and run, in a folder of its own."""

    needs: str
    """The command without which it is not there; `{place}` is the folder that has libraries."""
    file: str
    """What the source is called."""
    run: str
    """A command line of sh."""
    build: str = ""
    """One that runs before, whose output does not count."""


_PY = Runtime("{place}/py/bin/python", "main.py", "{place}/py/bin/python main.py")
_JAVA = Runtime("javac", "Main.java", f"java -cp .:{_JARS} Main", f"javac -nowarn -cp {_JARS} Main.java")
_SCRIPT = "{place}/js/node_modules/.bin/"

RUNTIMES = {
    "awk": Runtime("gawk", "main.awk", "gawk -f main.awk"),
    "bun": Runtime(f"{_SCRIPT}bun", "main.ts", f"{_SCRIPT}bun main.ts"),
    "clojure": Runtime("clojure", "main.clj", "clojure main.clj"),
    "cpp": Runtime("g++", "main.cpp", "./worker", "g++ -std=c++17 -g -w -pthread main.cpp -o worker"),
    "cpp.libraries": Runtime(
        "g++", "main.cpp", "./worker", "g++ -std=c++17 -w -pthread main.cpp -o worker -lspdlog -lfmt -lglog"
    ),
    "crystal": Runtime(
        "crystal", "main.cr", "./worker", "CRYSTAL_CACHE_DIR={place}/crystal crystal build main.cr -o worker"
    ),
    "csharp": Runtime("mcs", "main.cs", "mono --debug main.exe", "mcs -nowarn:0168 -d:TRACE -debug main.cs"),
    "deno": Runtime(f"{_SCRIPT}deno", "main.ts", f"{_SCRIPT}deno run -A --quiet main.ts"),
    "elixir": Runtime("elixir", "main.exs", "elixir main.exs"),
    "erlang": Runtime("escript", "main.erl", "escript main.erl", "sed -i '1i #!/usr/bin/env escript' main.erl"),
    "go": Runtime("go", "main.go", "./worker", "go build -o worker main.go"),
    "groovy": Runtime("groovy", "main.groovy", "groovy main.groovy"),
    "haskell": Runtime("ghc", "main.hs", "./worker", "ghc -v0 -o worker main.hs"),
    "java": _JAVA,
    "kotlin": Runtime("kotlinc", "main.kt", "java -jar main.jar", "kotlinc main.kt -include-runtime -d main.jar"),
    "lisp": Runtime("sbcl", "main.lisp", "sbcl --script main.lisp"),
    "lua": Runtime("lua5.4", "main.lua", f"LUA_PATH='{_LUA}/?.lua;{_LUA}/?/init.lua;;' lua5.4 main.lua"),
    "nim": Runtime(
        "nim", "main.nim", "./worker", "nim c --hints:off --warnings:off --nimcache:cache -o:worker main.nim"
    ),
    "node": Runtime("node", "main.js", "node main.js"),
    "ocaml": Runtime("ocaml", "main.ml", "ocaml main.ml"),
    "perl": Runtime("perl", "main.pl", "perl main.pl"),
    "php": Runtime("php", "main.php", "php main.php"),
    "prolog": Runtime("swipl", "main.pl", "swipl -q main.pl </dev/null"),
    "python": _PY,
    "r": Runtime("Rscript", "main.R", "Rscript main.R"),
    "ruby": Runtime("ruby", "main.rb", "ruby main.rb"),
    "rust": Runtime("rustc", "main.rs", "./worker", "rustc -A warnings -g main.rs -o worker"),
    "rust.crates": Runtime("cargo", "main.rs", "./worker", _CARGO),
    "scala": Runtime("scalac", "main.scala", "scala -cp . Main", "scalac main.scala"),
    "scheme": Runtime("guile", "main.scm", "guile --no-auto-compile main.scm"),
    "shell": Runtime("bash", "main.sh", "bash main.sh"),
    "sql": Runtime("psql", "main.sql", _POSTGRES),
    "tcl": Runtime("tclsh", "main.tcl", "tclsh main.tcl"),
}
"""By the name of a file of programs, or by its language."""


def runtime_of(part: str) -> Runtime:
    """Return how the programs of a file are run. Raises KeyError for a language that is not in the table."""
    return RUNTIMES.get(part) or RUNTIMES[part.partition(".")[0]]
