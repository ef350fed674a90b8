"""Known noise: lines that say ERROR, or look like it, and mean nothing for the work. A named list with its sources.

It is matched against an error's own line alone, never against what a traceback quotes. A team switches a row off by its
name, or all of them.
"""

from __future__ import annotations

from verifier.facts.logs.noise_tests import PASSED_TESTS
from verifier.facts.logs.row import RuleRow

_CUDA = (
    r"(?:failed call to cuInit|Unable to register cu(?:DNN|BLAS|FFT) factory|CUDA_ERROR_NO_DEVICE"
    r"|Could not find cuda drivers)"
)

NOISE: tuple[RuleRow, ...] = (
    RuleRow(
        "tensorflow-without-gpu",
        rf"^.*\b(?:cuda_\w+|stream_executor|xla|TF-TRT|computation_placer|tensorrt)\S* ?.*(?:{_CUDA}"
        r"|libcu\w+\.so|Attempting to register factory for plugin|already been registered|computation placer)",
        "TensorFlow and XLA say it at every start on a machine without a GPU (tensorflow issues 62075, 63109)",
        "2026-01-02 10:00:00.1: E external/xla/stream_executor/cuda/cuda_driver.cc:152] failed call to cuInit: UNKNOWN",
        "E cuda_driver.cc:900] out of memory while allocating 3 GiB",
    ),
    RuleRow(
        "chromium-headless",
        r":ERROR:(?:dbus/|bus\.cc|object_proxy|gpu_|viz_main|command_buffer|angle_|gl_|egl_|vulkan|ssl_client_socket"
        r"|sandbox_linux"
        r"|zygote_|udev_|bluez|network_service|cert_verify|registration_request|mcs_client|connection_factory"
        r"|device_event_log"
        r"|browser_dm_token|account_manager|on_device|task_manager|optimization_guide|interface_endpoint|debug_utils"
        r"|policy_logger|wayland|x11|ozone|content_main_runner|nss_util|process_reader|elf_dynamic)",
        "Chromium without a desktop, a GPU or a bus: puppeteer, playwright and selenium in containers",
        "[0102/120000.1:ERROR:dbus/bus.cc(407)] Failed to connect to the bus: Failed to connect to socket",
        "[0102/120000.1:ERROR:render_process_host.cc(1)] the page crashed",
    ),
    RuleRow(
        "tracing-without-agent",
        r"^(?:.*\s)?(?:failed to send, dropping \d+ (?:traces?|spans?|payloads?)|failed to send traces? to|(?:traces"
        r"|metrics|logs) export: "
        r"|Exception while exporting (?:Span|Log|Metric)|Failed to export (?:span|batch|metrics|traces|logs|to)"
        r"|Transient error .+ encountered while exporting)"
        r"|ddtrace\.\S+.*(?:failed to|dropping|unreachable|intake)|opentelemetry\.\S+.*(?:export|Failed|Transient)"
        r"|datadog\S*.*(?:agent|intake|connection).*(?:refused|failed|unreachable)"
        r"|(?:DD_AGENT|dogstatsd|statsd).*(?:refused|unavailable|failed)",
        "ddtrace, OpenTelemetry and Datadog where no agent or collector runs beside the job: the work is done",
        "failed to send, dropping 1 traces to intake at http://localhost:8126/v0.5/traces: client error (Connect)",
        "failed to send the invoice to intake",
    ),
    RuleRow(
        "profiler-without-agent",
        r"(?i)^.*(?:cloud ?profiler|googlecloudprofiler|newrelic|elastic-?apm|elasticapm|sentry_sdk|\[sentry\]"
        r"|instana|skywalking)"
        r".*(?:failed|could not|unable|cannot|error|refused|timed? ?out|unavailable)",
        "profilers and monitors that can't reach their home",
        "ERROR googlecloudprofiler.client: Failed to create profile, will retry: 403",
        "the profile of user 7 could not be stored",
    ),
    RuleRow(
        "graceful-stop",
        r"Worker \(pid:\d+\) was sent SIG(?:TERM|INT|QUIT)!|\bReceived (?:signal )?SIG(?:TERM|INT)\b"
        r"|warm shutdown \(MainProcess\)",
        "gunicorn says ERROR when it is stopped on purpose",
        "[2026-11-28 04:03:40 +0000] [17734] [ERROR] Worker (pid:17798) was sent SIGTERM!",
        "[2026-11-28 04:03:40 +0000] [17734] [ERROR] Worker (pid:17798) was sent SIGKILL! Perhaps out of memory?",
    ),
    RuleRow(
        "closed-pipe-at-exit",
        r"^Exception ignored (?:in|while flushing \S+)(?:: <_io\.\w+ name='<(?:stdout|stderr)>'|.*<(?:stdout|stderr)>)",
        "CPython: the reader of its output had gone already",
        "Exception ignored in: <_io.TextIOWrapper name='<stdout>' mode='w' encoding='utf-8'>",
        "Exception ignored in: <function Pool.__del__ at 0x7f>",
    ),
    RuleRow(
        "broken-pipe-at-exit",
        r"^BrokenPipeError: \[Errno 32\] Broken pipe$",
        "CPython: the line after the one above, alone and without a traceback",
        "BrokenPipeError: [Errno 32] Broken pipe",
        "BrokenPipeError: could not write part 7",
    ),
    RuleRow(
        "grpc-chatter",
        r"(?:fork_posix\.cc|ev_poll_posix\.cc|ev_epoll\w*\.cc|backup_poller\.cc|tcp_posix\.cc"
        r"|ssl_transport_security\.cc|init\.cc"
        r"|alts_credentials\.cc|grpc_alts_credentials_options\.cc|plugin_credentials\.cc|http_proxy\w*\.cc):\d+\]?"
        r"|Other threads are currently calling into gRPC",
        "gRPC's core (grpc issues 37642, 38703)",
        "E0000 00:00:1729000000.1 7 init.cc:229] grpc_wait_for_shutdown_with_timeout() timed out.",
        "E0000 main.cc:7] the call failed",
    ),
    RuleRow(
        "pip-resolver",
        r"ERROR: pip's dependency resolver does not currently take into account"
        r"|^ERROR: .+ but you have .+ incompatible\.$"
        r"|which is incompatible\.$|Running pip as the 'root' user",
        "pip: the packages are installed nevertheless",
        "ERROR: pip's dependency resolver does not currently take into account all the packages that are installed.",
        "ERROR: No matching distribution found for clips==7",
    ),
    RuleRow(
        "debian-without-terminal",
        r"^debconf: |^update-alternatives: |^invoke-rc\.d: |^(?:perl: )?warning: |^locale: Cannot set "
        r"|^dpkg-preconfigure: |^Falling back to "
        r"|^update-rc\.d: |^policy-rc\.d |^W: |^N: |^E: Unable to fetch some archives, maybe run .*$"
        r"|cannot change locale",
        "Debian's package tools without a terminal",
        "debconf: unable to initialize frontend: Dialog",
        "E: Unable to locate package clips",
    ),
    RuleRow(
        "leptonica",
        r"^Error in (?:box|pix|numa|pta|sel|fpix|l_)\w+: ",
        "leptonica below tesseract; the page is read",
        "Error in boxClipToRectangle: box outside rectangle",
        "Error in readPage: no such page",
    ),
    RuleRow(
        "desktop-libraries",
        r"^ALSA lib |^(?:libva|libEGL|MESA-LOADER|MESA|libGL|vdpau|VDPAU)\b.*(?:error|warning|fail)|^Fontconfig error: "
        r"|XDG_RUNTIME_DIR (?:not set|is invalid)|^(?:dconf|Gtk|GLib\S*|Gdk|Pango)-(?:CRITICAL|WARNING|Message)"
        r"|^Xlib: +extension "
        r"|^QStandardPaths: |^\(\S+:\d+\): (?:G|d)\w+-(?:CRITICAL|WARNING)",
        "sound, graphics and desktop libraries in a container",
        "ALSA lib confmisc.c:855:(parse_card) cannot find card '0'",
        "the card '0' was not found",
    ),
    RuleRow(
        "java-start",
        r"^SLF4J(?:\(\w\))?: |^log4j:WARN |Unable to load native-hadoop library|^WARNING: (?:An illegal reflective"
        r"|Illegal reflective|sun\.\w)"
        r"|HHH000424|Disabling contextual LOB creation|^StatusLogger |^ERROR StatusLogger No (?:Log4j|log4j)",
        "SLF4J, log4j, Hadoop, Hibernate and the JVM at a start",
        'SLF4J: Failed to load class "org.slf4j.impl.StaticLoggerBinder".',
        "Failed to load class com.acme.Worker",
    ),
    RuleRow(
        "metadata-server-probe",
        r"MetadataLookupWarning|(?:Compute Engine|GCE) Metadata server unavailable|metadata server .*(?:attempt \d"
        r"|not available|unavailable)"
        r"|google\.auth\.\S+.*(?:Metadata|metadata)|Failed to (?:retrieve|detect) .*(?:metadata|resource)",
        "Google's libraries ask for a metadata server and go on without it",
        "(node:4313) MetadataLookupWarning: received unexpected error = All promises were rejected",
        "the metadata of clip 7 is unavailable",
    ),
    *PASSED_TESTS,
)
"""Each row's expression must match the error's own line."""

LONE = frozenset(("broken-pipe-at-exit", *(row.name for row in PASSED_TESTS)))
"""Rows that hold for a line alone, not for a traceback that ends in it."""
