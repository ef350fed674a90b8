"""The crash words of languages, runtimes, libraries and tools: what means an error in a line without a level.

Each row is looked for in every line of an entry's text, anchored where the runtime writes it; lines are not joined to
judge them. A team switches a row off by its name. Python's rows, and those that all languages share, are in
`rules_python`; those of tools and of prose in `rules_tools`.
"""

from __future__ import annotations

from verifier.facts.logs.row import RuleRow
from verifier.facts.logs.rules_python import PYTHON
from verifier.facts.logs.rules_tools import PROSE, TOOLS

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
        "zod",
        r"^[\s\[{]*[\"']?code[\"']?: ?[\"'](?:invalid_(?:type|union\w*|literal|enum_value|arguments|return_type"
        r"|date|string|format|value|key|element)|unrecognized_keys|too_small|too_big|not_multiple_of)[\"']",
        "zod: ZodIssueCode; a ZodError's message is the list of its issues",
        '    "code": "invalid_type",',
        '    "code": "invalid_grant",',
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
        "powershell",
        r"^[A-Z][a-z]+-[A-Z]\w+ ?: (?:\S+\.ps1:\d+$|(?:Cannot|Could not|Access to|Unable to|Response status) \S)"
        r"|^(?:\w+Exception|Exception|ParserError|InvalidOperation|OperationStopped): \S+\.ps1:\d+$"
        r"|^\s*\+ FullyQualifiedErrorId\s*: \S|^(?:.*: )?The term '.+' is not recognized as (?:a|the) name of a ",
        "PowerShell: about_ErrorView, as ConciseView and as NormalView; CommandNotFoundException",
        "Get-Item: Cannot find path '/models/current.bin' because it does not exist.",
        "Get-Item: 3 items",
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
