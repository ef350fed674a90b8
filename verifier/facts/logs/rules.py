"""The crash words of languages, runtimes, libraries and tools: what means an error in a line without a level.

Each row is looked for in every line of an entry's text, anchored where the runtime writes it; lines are not joined to
judge them. A team switches a row off by its name. The rows of tools and of prose are in `rules_tools`.
"""

from __future__ import annotations

from verifier.facts.logs.row import RuleRow
from verifier.facts.logs.rules_tools import PROSE, TOOLS

SQLALCHEMY_MAPPERS = "sqlalchemy-mapper"

PYTHON = (
    RuleRow(
        SQLALCHEMY_MAPPERS,
        r"One or more mappers failed to initialize"
        r"|[Ww]hen initializing mapper "
        r"|[Cc]an't proceed with initialization of other mappers"
        r"|Mapper .* (?:could not assemble any primary key|has no property )"
        r"|Could not determine (?:join condition between|relationship direction|any unambiguous local/remote)"
        r"|Could not locate any (?:relevant|simple equality) (?:foreign key columns"
        r"|expressions involving locally mapped)"
        r"|Can't find any foreign key relationships between"
        r"|Multiple classes found for path "
        r"|Table '.+' is already defined for this MetaData instance"
        r"|Foreign key associated with column '.+' could not (?:find table|initialize)"
        r"|Could not initialize target column for ForeignKey"
        r"|Class .+ does not have a __table(?:name)?__"
        r"|Attribute name '.+' is reserved (?:when using|for) "
        r"|and back-reference .+ are both of the same direction"
        r"|[Rr]everse_property .+ on relationship .+ references relationship"
        r"|Error creating backref '"
        r"|Class '.+' (?:is not mapped|already has a primary mapper defined)"
        r"|back_populates on relationship '.+' refers to"
        r"|None of the FROM clause entities have a property|Type annotation for .+ can't be correctly interpreted",
        "SQLAlchemy: orm/mapper.py, relationships.py, clsregistry.py, decl_base.py, sql/schema.py",
        "Mapper 'Mapper[Clip(clips)]' has no property 'tags'.",
        "all 41 mappers initialized",
    ),
    RuleRow(
        "python-traceback",
        r"^(?:[^\s'\"][^'\"]*|\s*[+|╭][^'\"]*)?Traceback \(most recent call last\):?[\s─-╿]*$",
        "CPython: traceback.c; also in exception groups and in rich's boxes",
        "Traceback (most recent call last):",
        "the ticket says 'Traceback (most recent call last):' and no more",
    ),
    RuleRow(
        "exception-line",
        r"^(?: *\| )?(?:Uncaught |\[)?(?:[A-Za-z_][\w$-]*(?:\.|::|\\\\|\\|/))*[A-Z]\w*(?:Error|Exception|Interrupt"
        r"|Timeout|Fault)"
        r"(?: \[[\w-]+\])?: \S|^(?:[a-z_]\w*\.){2,}[A-Z]\w*(?:Error|Exception)$"
        r"|^(?:[^'\"]*[\s:])?\((?:\w+\.)+\w*(?:Error|Exception)\) \S|^KeyboardInterrupt$|^AssertionError$",
        "every runtime that names exceptions by their class: Python, Java, Node, .NET, PHP, Ruby",
        "sqlalchemy.exc.OperationalError: no such table: clips",
        "loading ValueErrorHandler: done",
    ),
    RuleRow(
        "error-line",
        r"^(?:Error|ERROR): \S",
        "Go, Rust, click, R and many programs' last words",
        "Error: connection refused",
        "Errors: 0, Failures: 0",
        unless=r"^(?:Error|ERROR): (?:0|none|null|false)\b",
        over_warning=False,
    ),
    RuleRow(
        "exception-value",
        r"(?:^|[\s\[(,:=])(?:\w+\.)*[A-Z]\w*(?:Error|Exception)\(['\"\d)]|#<(?:\w+::)*\w*(?:Error|Exception): "
        r"|^(?:[^'\"]*: )?(?:Err|Failure|Left)\(.+\)$|^\{:?error, ?.+\}\.?$|^#error \{",
        "an exception or a failed result that was printed: Python, Ruby, Rust, Scala, OCaml, Erlang, Clojure",
        "[0, 1, ValueError('part 2 is corrupt'), 3]",
        "handlers: ValueError, KeyError",
        unless=r"(?i)\bretr(?:y|ies|ied|ying)\b|assert|raises?\b|expected|^[+-]",
        over_warning=False,
    ),
    RuleRow(
        "runtime-message",
        r"object has no attribute '|takes \d+ positional arguments? but|unexpected keyword argument '"
        r"|unsupported operand type"
        r"|'NoneType' object is not|list index out of range|values to unpack|invalid literal for int\(\)"
        r"|codec can't decode byte"
        r"|Expecting (?:value|property name|',' delimiter)|is not a function$|Cannot read propert(?:y"
        r"|ies) of (?:undefined|null)"
        r"|is not iterable$|Unexpected token .* JSON|Unexpected end of JSON|Cannot invoke \""
        r"|out of bounds for length \d"
        r"|For input string: \"|undefined (?:local variable or )?method [`']|nil pointer dereference"
        r"|index out of range \["
        r"|looking for beginning of value|strconv\.\w+: parsing |called `(?:Option|Result)::\w+\(\)`"
        r"|Object reference not set to"
        r"|Sequence contains no elements|Value cannot be null\.|\b(?:divide|division|divided) by zero\b|junk in string"
        r"|non-numeric argument to|maximum recursion depth exceeded|invalid value for (?:Float|Integer)\(\)",
        "the words of runtimes' own exceptions, where only those were printed",
        "not loaded: 'NoneType' object is not subscriptable",
        "the list index is in range",
        unless=r"(?i)\bretr(?:y|ies|ied|ying)\b|^\s*[`*#>]|^    ",
        over_warning=False,
    ),
    RuleRow(
        "python-fatal",
        r"^Fatal Python error: |^Timeout \(\d+:\d\d:\d\d(?:\.\d+)?\)!$",
        "CPython: Py_FatalError and faulthandler",
        "Fatal Python error: Segmentation fault",
        "no Fatal Python error so far",
    ),
    RuleRow(
        "python-never-awaited",
        r"coroutine '.+' was never awaited",
        "CPython: RuntimeWarning, the work was not done",
        "w.py:3: RuntimeWarning: coroutine 'push' was never awaited",
        "all coroutines were awaited",
    ),
    RuleRow(
        "asyncio-lost-task",
        r"Task was destroyed but it is pending|(?:Task|Future) exception was never retrieved",
        "CPython: asyncio/tasks.py, futures.py",
        "Task exception was never retrieved",
        "every task exception was retrieved",
    ),
    RuleRow(
        "python-exception-ignored",
        r"^Exception ignored (?:in|on|while)\b",
        "CPython: an exception in a destructor, a callback or at exit",
        "Exception ignored in atexit callback: <function flush at 0x7f19>",
        "Exception ignored: 0",
    ),
    RuleRow(
        "python-logging-error",
        r"^--- Logging error ---$",
        "CPython: logging/__init__.py, a line could not be logged",
        "--- Logging error ---",
        "--- Logging errors: none ---",
    ),
    RuleRow(
        "python-no-module",
        r"^\S*python[\d.]*: (?:No module named |can't open file |Error while finding module)",
        "CPython: runpy and main.c",
        "/usr/bin/python3: No module named worker",
        "python: started",
    ),
    RuleRow(
        "pydantic-validation",
        r"^\d+ validation errors? for ",
        "pydantic: a ValidationError's first line",
        "2 validation errors for Clip",
        "0 validation errors",
    ),
    RuleRow(
        "database-says",
        r"(?:relation|column|table|database|role|function|type|schema) \"?[^\"]+\"? does not exist$"
        r"|duplicate key value violates unique constraint|violates (?:foreign key|not-null|check) constraint"
        r"|deadlock detected$|permission denied for (?:table|relation|schema|database|sequence|function)"
        r"|password authentication failed for user",
        "PostgreSQL's messages, as drivers hand them on",
        'column "tenant_id" does not exist',
        'NOTICE:  table "errors" does not exist, skipping',
        unless=r"(?i)skipping|\bretry|creating",
    ),
)

NODE = (
    RuleRow(
        "node-unhandled",
        r"UnhandledPromiseRejection|^\s*(?:\[UnhandledPromise|Uncaught (?:Exception|Error|\w*Error)\b)"
        r"|triggerUncaughtException|ERR_UNHANDLED_REJECTION"
        r"|^(?:NotFound|PermissionDenied|NotCapable|ConnectionRefused|ConnectionReset|AddrInUse|BrokenPipe|TimedOut"
        r"|UnexpectedEof): ",
        "Node: lib/internal/process/promises.js; Deno's errors",
        "(node:1) UnhandledPromiseRejectionWarning: Error: queue unreachable",
        "unhandled rejections: 0",
    ),
    RuleRow(
        "node-out-of-memory",
        r"^FATAL ERROR: .*(?:JavaScript heap out of memory|Allocation failed)",
        "V8: api.cc",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "heap used: 12 MB",
    ),
    RuleRow(
        "node-error-with-stack",
        r"\b\w*Error: .* at (?:async )?\S+ \([^()\s]+:\d+:\d+\)",
        "the debug module and others that write a stack in one line",
        "worker failed Error: boom at run (/srv/app/worker.js:3:5)",
        "received {'title': 'TypeError: x is not a function'}",
    ),
    RuleRow(
        "node-inspected-error",
        r"^\s*\[(?:\w*Error)(?: \[[\w-]+\])?: .",
        "Node: util.inspect of an error",
        "[AggregateError: All promises were rejected] {",
        "[errors]: [",
    ),
    RuleRow(
        "prisma",
        r"^(?:Invalid `.+` invocation|error: Environment variable not found|P\d{4}: )|PrismaClient\w*Error",
        "Prisma's client",
        "Invalid `prisma.clip.findMany()` invocation:",
        "prisma generated the client",
    ),
)

JVM = (
    RuleRow(
        "java-uncaught",
        r"^(?:\S+ )?Exception in thread \"",
        "JVM: Thread.getUncaughtExceptionHandler",
        'Exception in thread "main" java.lang.IllegalStateException: no tenant',
        "no exception in thread main",
    ),
    RuleRow(
        "java-cause",
        r"^\s*(?:Caused by|Wrapped by): [\w.$]+(?:: |$)",
        "JVM: Throwable.printStackTrace",
        "Caused by: java.net.ConnectException: Connection refused",
        "Caused by: nothing at all",
        unless=r"^\s*Caused by: (?:nothing|none|null|n/a)\b",
    ),
    RuleRow(
        "java-virtual-machine",
        r"^# A fatal error has been detected by the Java Runtime Environment|^Terminating due to java\.lang\."
        r"|^Error occurred during initialization of VM|^Error: (?:Could not find or load main class"
        r"|Unable to access jarfile)"
        r"|^java\.lang\.OutOfMemoryError|^APPLICATION FAILED TO START",
        "HotSpot, the java launcher, Spring Boot",
        "Error: Could not find or load main class com.acme.Worker",
        "bool CrashOnOutOfMemoryError = false",
    ),
    RuleRow(
        "clojure",
        r"^(?:Execution error|Syntax error) .*\bat ",
        "Clojure: clojure.main",
        "Execution error (ArithmeticException) at user/eval1 (REPL:1).",
        "no execution error",
    ),
)

GO = (
    RuleRow(
        "go-panic",
        r"^(?:panic: |fatal error: |runtime: goroutine stack exceeds|SIG(?:SEGV|ABRT|BUS|FPE|ILL): )"
        r"|http: panic serving ",
        "Go: runtime/panic.go, net/http",
        "panic: assignment to entry in nil map",
        "self-check: panic handler ok",
    ),
    RuleRow(
        "grpc-status",
        r"rpc error: code = (?:Unknown|InvalidArgument|DeadlineExceeded|NotFound|AlreadyExists|PermissionDenied|"
        r"ResourceExhausted|FailedPrecondition|Aborted|OutOfRange|Unimplemented|Internal|Unavailable|DataLoss|"
        r"Unauthenticated)",
        "grpc-go: status",
        "rpc error: code = PermissionDenied desc = no access",
        "rpc error: code = OK desc =",
        unless=r"(?i)\bretry|attempt",
        over_warning=False,
    ),
    RuleRow(
        "go-data-race",
        r"^WARNING: DATA RACE$|^Found \d+ data race",
        "Go: the race detector",
        "WARNING: DATA RACE",
        "no data race was found",
    ),
)

OTHERS = (
    RuleRow(
        "ruby-thread",
        r"terminated with exception \(report_on_exception is true\)",
        "Ruby: thread.c",
        "#<Thread:0x7fe5 w.rb:1 run> terminated with exception (report_on_exception is true):",
        "the thread terminated",
    ),
    RuleRow(
        "ruby-uncaught",
        r"^[^\s:]+:\d+:in [`'].+': .*\([A-Z][\w:]*\)$|^[^\s:]+:\d+: \[BUG\] |: \[BUG\] Segmentation fault",
        "Ruby: eval_error.c",
        "w.rb:1:in `f': no tenant (ArgumentError)",
        "w.rb:1: warning: Kernel#open with a pipe is deprecated",
    ),
    RuleRow(
        "php-fatal",
        r"^(?:PHP )?(?:Fatal|Parse|Recoverable fatal|Catchable fatal|Core|Compile) error:\s"
        r"|^(?:PHP \w+:\s+)?Uncaught [\w\\]+:? ",
        "PHP: main/main.c",
        "PHP Fatal error:  Uncaught RuntimeException: no tenant in /srv/w.php:2",
        "PHP Deprecated:  Function x() is deprecated",
    ),
    RuleRow(
        "dotnet-unhandled",
        r"^Unhandled [Ee]xception[.:]|^Unhandled [A-Z-]+ in thread |^debugger invoked on an? |^Process terminated\. "
        r"|^Fatal error\. |^Stack overflow\.$",
        ".NET's runtime, SBCL",
        "Unhandled exception. System.InvalidOperationException: no tenant",
        "unhandled exceptions: 0",
    ),
    RuleRow(
        "rust-panic",
        r"^thread '.*'(?: \(\d+\))? (?:panicked at|has overflowed its stack)|^fatal runtime error: "
        r"|^memory allocation of \d+ bytes failed",
        "Rust: std::panicking, std::rt",
        "thread 'main' panicked at src/main.rs:4:5:",
        "no thread panicked",
    ),
    RuleRow(
        "native-abort",
        r"^(?:terminate called |libc\+\+abi: terminating)|(?:double free or corruption|corrupted size vs\. prev_size"
        r"|stack smashing detected|malloc\(\): |free\(\): invalid|munmap_chunk\(\))|Assertion .+ failed[.:]?"
        r"|==\d+==\s?ERROR: (?:Address|Thread|Leak|Memory)Sanitizer|:\d+:\d+: runtime error: |CUDA error: "
        r"|CUDA out of memory",
        "libstdc++, libc++, glibc, sanitizers, CUDA",
        "terminate called after throwing an instance of 'std::runtime_error'",
        "Assertion checks are on",
    ),
    RuleRow(
        "erlang-crash",
        r"^\*\* \((?:[\w.]+Error|EXIT|throw|exit|stop)|raised an exception$|^(?:GenServer|Task|Process) .+ terminating$"
        r"|^\{?\"?init terminating in do_boot|^Runtime terminating during boot|^Crash dump is being written",
        "Erlang and Elixir: Logger, init",
        "** (RuntimeError) consumer died",
        "the process terminated normally",
    ),
    RuleRow(
        "perl-died",
        r"^(?:Can't locate \S+ in @INC|Can't call method |Can't use |Died |Undefined subroutine "
        r"|Compilation failed in require"
        r"|BEGIN failed|Global symbol |Uncaught exception from user code|Illegal division by zero).*\bat \S+ line \d+"
        r"|^DBD::\S+ \S+ failed: |DBI connect\(.*\) failed: ",
        "Perl: perldiag, DBI",
        "Can't locate Foo/Bar.pm in @INC at w.pl line 3.",
        "Use of uninitialized value at w.pl line 3.",
    ),
    RuleRow(
        "r-error",
        r"^Error in .*\) ?: |^Error in .+ : |^Execution halted$|<simpleError in |<(?:rlang_error|error/)|^! Error",
        "R: errors.c",
        "Error in readRDS(path) : unknown input format",
        "standard error of the estimate: 0.1",
    ),
    RuleRow(
        "languages-others",
        r"^lua[\d.]*: .+:\d+: |^stack traceback:$|^ERROR: LoadError: |^┌ Error: |^Fatal error: (?:exception )?\S"
        r"|^Error: unhandled exception: |^error: Uncaught |^CallStack \(from HasCallStack\):$|<<loop>>$"
        r"|^Unhandled exception at |^Unhandled exception in |^thread \d+ panic: "
        r"|^\S+: (?:Prelude\.\w+: |user error \()|^Backtrace:$|^ERROR: In procedure |^\s+(?:while executing"
        r"|invoked from within)$"
        r"|<level>(?:SEVERE|ERROR|FATAL)</level>|<\w+:?[eE]vent [^>]*level=\"(?:ERROR|FATAL)\"",
        "Lua, Julia, OCaml, Swift, Nim, Deno, Haskell, Crystal, Zig, Guile, Tcl; XML of java.util.logging and log4j",
        "lua: w.lua:3: attempt to index a nil value (local 'x')",
        "lua 5.4 is ready",
    ),
)

CRASHES = (*PYTHON, *NODE, *JVM, *GO, *OTHERS)

ROWS: tuple[RuleRow, ...] = (*CRASHES, *TOOLS, *PROSE)
"""All rows, the most telling first: the first that a line has gives its rule's name."""
