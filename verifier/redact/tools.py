"""Secrets that their makers gave a form: code hosts, registries and tools of developers."""

from __future__ import annotations

from verifier.redact.rule import Row, RuleGroup, SecretValues, rules_of

_ROWS: tuple[Row, ...] = (
    (
        "GitHub token",
        r"gh[pousr]_\w{20,}|github_pat_\w{20,}",
        "a ghs_{36} github_pat_{22}_{59} b",
        "ghp_stats",
        "GitHub: About authentication, token formats",
    ),
    (
        "GitLab token",
        r"\bgl(?:pat|ptt|dt|rt|rtr|cbt|soat|agent|ft|ffct|imt|oas|wt|pt)-[\w.-]{16,}|\bGR1348941[\w-]{16,}",
        "a glpat-{20} b",
        "glpat-x",
        "GitLab: Token overview, token prefixes",
    ),
    (
        "Bitbucket or Atlassian token",
        r"\bAT(?:ATT|BB|CTT|STT|OTT)[A-Za-z0-9][\w=-]{20,}",
        "a ATATT3x{180} b",
        "ATATT",
        "Atlassian: Manage API tokens",
    ),
    (
        "Gitea, Forgejo or Gogs token with its name",
        r"(?i:\b(?:gitea|forgejo|gogs|codeberg)[a-z_ -]{0,20}[:= ]\s*[\"']?)([0-9a-f]{40})\b",
        "gitea {hex:40} b",
        "gitea 1.22",
        "Gitea: API usage",
    ),
    (
        "npm token",
        r"\bnpm_\w{30,}",
        "a npm_{36} b",
        "npm_config_registry",
        "npm: About access tokens",
    ),
    (
        "PyPI token",
        r"pypi-Ag[\w-]{20,}",
        "a pypi-AgE{120} b",
        "pypi-server",
        "PyPI: API tokens",
    ),
    (
        "RubyGems key",
        r"\brubygems_[0-9a-f]{32,}",
        "a rubygems_{hex:48} b",
        "rubygems_version",
        "RubyGems: API key scopes",
    ),
    (
        "crates.io token",
        r"\bcio[A-Za-z0-9]{30,}",
        "a cio{32} b",
        "ciobanu",
        "Cargo: Registry authentication",
    ),
    (
        "NuGet, Clojars or Hex key",
        r"\boy2[a-z0-9]{40,}|\bCLOJARS_[a-z0-9]{40,}",
        "a oy2{lower:43} b",
        "oy2",
        "NuGet: Scoped API keys",
    ),
    (
        "Docker token",
        r"dckr_(?:pat|oat|ppat)_[\w-]{20,}",
        "a dckr_pat_{27} b",
        "dckr_pat_",
        "Docker: Personal access tokens",
    ),
    (
        "JFrog key",
        r"\bAKC[a-zA-Z0-9]{50,}|\bcmVmd[A-Za-z0-9]{40,}",
        "a AKCp{69} b",
        "AKC",
        "JFrog: Identity tokens and API keys",
    ),
    (
        "SonarQube token",
        r"\bsq[upacb]_[0-9a-f]{32,}",
        "a squ_{hex:40} b",
        "squ_x",
        "SonarQube: Generating and using tokens",
    ),
    (
        "CircleCI or Buildkite token",
        r"\bCCI(?:PAT|PRJ)_\w{10,}_?\w*|\bbk(?:ua|ct|aj|ast)_[\w-]{20,}",
        "a CCIPAT_{22}_{hex:40} b",
        "CCIPAT",
        "CircleCI: Managing API tokens",
    ),
    (
        "Harness, Octopus or Nx token",
        r"\b(?:pat|sat)\.[\w-]{22}\.[\w-]{20,}\.[\w-]{16,}|\bAPI-[A-Z0-9]{25,}|\bnxcloud_\w{20,}",
        "a pat.{22}.{24}.{20} b",
        "pat.b",
        "Harness: Manage API keys",
    ),
    (
        "Sourcegraph or Snyk token",
        r"\bsgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{32,}|\bsnyk_(?:uat|sat)\.[\w.-]{20,}",
        "a sgp_{hex:40} b",
        "sgp_x",
        "Sourcegraph: Access token format",
    ),
    (
        "OpenShift token",
        r"\bsha256~[\w-]{30,}",
        "a sha256~{43} b",
        "sha256~",
        "OpenShift: Managing user-owned OAuth access tokens",
    ),
    (
        "ngrok token",
        r"(\b[12][a-zA-Z0-9]{26}_[a-zA-Z0-9]{20,}\b|\bcr_[a-zA-Z0-9]{40,})",
        "a 2{26}_{21} b",
        "2_1",
        "ngrok: Authtokens",
        SecretValues.MIXED,
    ),
    (
        "Discord token",
        r"(\b[MNO][A-Za-z0-9_-]{22,27}\.[\w-]{6}\.[\w-]{25,}|\bmfa\.[\w-]{60,})",
        "a M{23}.{6}.{27} b",
        "Main.Module.Name",
        "Discord: API reference, authentication",
        SecretValues.MIXED,
    ),
    (
        "Telegram bot token",
        r"(?:\b|bot)\d{8,10}:AA[\w-]{30,}",
        "GET /bot{digits:10}:AA{33}/getMe",
        "1234567890:AA",
        "Telegram: Bot API, authorizing your bot",
    ),
)

TOOLS = rules_of(RuleGroup.VENDOR, _ROWS)
