"""Secrets that their makers gave a form: models, observation, payment and other services; hashes."""

from __future__ import annotations

from verifier.redact.rule import Row, Rule, RuleGroup, SecretValues, rules_of

_ROWS: tuple[Row, ...] = (
    (
        "Slack token",
        r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}|\bxapp-[\w-]{8,}|\bxwfp-[\w-]{8,}",
        "a xoxb-{digits:12}-{24} b",
        "xox and oxo",
        "Slack: Token types",
    ),
    (
        "Stripe key",
        r"\b[rs]k_(?:live|test|prod)_\w{10,}|\bwhsec_[\w+/=]{16,}",
        "a sk_live_{24} rk_test_{24} b",
        "sk_live_",
        "Stripe: API keys",
    ),
    (
        "key of a payment service",
        (
            r"\b(?:rzp_(?:live|test)_\w{10,}|shippo_(?:live|test)_\w{20,}|duffel_(?:live|test)_[\w-]{20,}"
            r"|(?:live|test)_[0-9a-f]{35}\b|EZ[AT]K\w{40,}|FLWSECK(?:_TEST)?-[\w-]{12,}"
            r"|pdl_(?:live|sdbx)_\w{10,})"
        ),
        "a rzp_live_{14} b",
        "rzp_live_ test_results",
        "Razorpay: API keys",
    ),
    (
        "Square token",
        r"\bEAAA[\w-]{30,}|\bsq0[a-z]{3}-[\w-]{20,}",
        "a EAAA{60} b",
        "EAAA",
        "Square: Access tokens",
    ),
    (
        "PayPal or Braintree token",
        r"access_token\$(?:production|sandbox)\$\w{8,}\$[0-9a-f]{20,}",
        "a access_token$production${lower:16}${hex:32} b",
        "access_token$x",
        "Braintree: API credentials",
    ),
    (
        "Plaid token",
        r"\b(?:access|public|link)-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f-]{27}",
        "a access-production-{uuid} b",
        "access-production-logs",
        "Plaid: Tokens",
    ),
    (
        "Shopify token",
        r"\bshp(?:at|ca|pa|ss|ua|tka|rt)_[0-9a-fA-F]{24,}",
        "a shpat_{hex:32} b",
        "shpat_x",
        "Shopify: Access tokens",
    ),
    (
        "Facebook token",
        r"\bEAA[A-Za-z0-9]{40,}|\bIGQ[\w-]{40,}|\bGG\|\d{10,}\|[\w-]{20,}",
        "a EAA{160} b",
        "EAA",
        "Meta: Access tokens",
    ),
    (
        "OpenAI or Anthropic key, or one of their form",
        r"\bsk-[\w-]{20,}",
        "a sk-ant-api03-{40} b",
        "sk-image and risk-assessment-of-the-quarterly-report",
        "OpenAI: API authentication",
    ),
    (
        "key of a service of models",
        (
            r"\b(?:gsk|xai|pplx|tgp_v1|csk|nvapi|r8|pcsk|jina|tvly(?:-dev|-prod)?|fc|lsv2_[ps]t|sk-lf|e2b|voy|bsk|wandb_v1|fw)[-_]"
            r"[A-Za-z0-9]{24}[\w-]*"
        ),
        "a gsk_{52} r8_{37} b",
        "fc-match and gsk_",
        "Groq: API keys",
    ),
    (
        "Hugging Face token",
        r"\bhf_[A-Za-z0-9]{30,}|\bapi_org_[A-Za-z0-9]{30,}",
        "a hf_{34} b",
        "hf_hub_download",
        "Hugging Face: User access tokens",
    ),
    (
        "Databricks token",
        r"\b(?:dapi|dose|dkea|dsap)[0-9a-f]{30,}(?:-\d+)?",
        "a dapi{hex:32} b",
        "dapi",
        "Databricks: Personal access tokens",
    ),
    (
        "New Relic key",
        r"\bNR(?:AK|II|IQ|RA|BR|AL|JS|SP|MA|AA)-[A-Za-z0-9-]{16,}|\b[0-9a-f]{36}(?:NRAL|FFFF\w{0,4})\b",
        "a NRAK-{upper:27} b",
        "NRAK-",
        "New Relic: API keys",
    ),
    (
        "Datadog key",
        r"\bpub[0-9a-f]{32}\b|\bdd(?:app|api|pat|sat)_\w{20,}",
        "a pub{hex:32} b",
        "pub5",
        "Datadog: API and application keys",
    ),
    (
        "Grafana token",
        r"\bgl(?:sa|c)_[\w+/=]{20,}|\beyJrIjoi[\w+/=]{20,}",
        "a glsa_{32}_{hex:8} b",
        "glsa_x",
        "Grafana: Service accounts",
    ),
    (
        "Sentry token",
        r"\bsntry[a-z]{1,2}_[\w+/=]{20,}",
        "a sntrys_{120} b",
        "sntrys_",
        "Sentry: Auth tokens",
    ),
    (
        "Dynatrace token",
        r"\bdt0[a-z]\d\d\.[A-Z0-9]{20,}\.?[A-Z0-9]*",
        "a dt0c01.{upper:24}.{upper:64} b",
        "dt0c01.x",
        "Dynatrace: Access tokens",
    ),
    (
        "Honeycomb, PostHog or Mixpanel key",
        r"\bhc[abx][a-z]{2}_\w{30,}|\bph[cxst]_[A-Za-z0-9]{30,}",
        "a phx_{43} b",
        "phx_1",
        "PostHog: API keys",
    ),
    (
        "PagerDuty, Opsgenie or LaunchDarkly key",
        r"\bpd[a-z]{2}_\w{20,}|\b(?:sdk|mob|api|rel)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "a sdk-{uuid} b",
        "sdk-1.2.3",
        "LaunchDarkly: SDK credentials",
    ),
    (
        "SendGrid key",
        r"\bSG\.[\w-]{16,}(?:\.[\w-]+)?",
        "a SG.{22}.{43} b",
        "SG.1 is a node",
        "SendGrid: API keys",
    ),
    (
        "Mailgun, Mailchimp, Brevo or Resend key",
        (
            r"\bkey-[0-9a-f]{32}|\b[0-9a-f]{32}-us\d{1,2}\b|\bxkeysib-[0-9a-f]{40,}[\w-]*|\bre_[A-Za-z0-9]{6,}_[A-Za-z0-9]{16,}"
            r"|\b[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}\b|\bxsmtpsib-[0-9a-f]{40,}[\w-]*"
        ),
        "a key-{hex:32} xkeysib-{hex:64}-{16} b",
        "key-value and re_compile",
        "Mailgun: API keys",
    ),
    (
        "Twilio key",
        r"\bSK[0-9a-f]{32}\b|\bAC[0-9a-f]{32}:[0-9a-f]{32}\b",
        "a SK{hex:32} b",
        "SK1",
        "Twilio: API keys",
    ),
    (
        "Mapbox token",
        r"\b[st]k\.eyJ[\w-]{10,}(?:\.[\w-]+)?",
        "a sk.eyJ{60}.{22} b",
        "sk.ey",
        "Mapbox: Access tokens",
    ),
    (
        "Adafruit, Adobe or Airtable key",
        r"\baio_\w{24,}|\bp8e-[a-z0-9]{24,}|\bpat\w{14}\.[0-9a-f]{40,}",
        "a aio_{28} b",
        "aio_pool and patch",
        "Airtable: Personal access tokens",
    ),
    (
        "Asana token",
        r"\b[12]/\d{10,}(?:/\d{10,})?:[0-9a-f]{32}",
        "a 1/{digits:16}:{hex:32} b",
        "1/2: ok",
        "Asana: Personal access token",
    ),
    (
        "Contentful, Dropbox or Typeform token",
        r"\bCFPAT-[\w-]{30,}|\bsl\.(?:u\.)?[\w-]{60,}|\btfp_[\w.=-]{30,}",
        "a CFPAT-{43} b",
        "sl.u. and tfp_x",
        "Contentful: Authentication",
    ),
    (
        "Figma, Linear, Notion or Postman token",
        r"\bfig[dour]_?[A-Za-z][\w-]{29,}|\blin_(?:api|oauth)_\w{20,}|\b(?:secret|ntn)_[A-Za-z0-9]{40,}|\bPMAK-[0-9a-f]{24}-[0-9a-f]{20,}",
        "a lin_api_{40} ntn_{46} b",
        "lin_api_ and secret_version",
        "Linear: API and webhooks",
    ),
    (
        "HubSpot, Intercom or Zendesk token",
        r"\bpat-(?:na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f-]{27}|\bdG9r[Oo][A-Za-z0-9]{30,}={0,2}",
        "a pat-na1-{uuid} b",
        "pat-na1",
        "HubSpot: Private apps",
    ),
    (
        "Prefect, Algolia, ReadMe or Frame.io key",
        r"\bpn[ub]_[A-Za-z0-9]{30,}|\brdme_[a-z0-9]{40,}|\bfio-u-[\w=-]{40,}|\bico-[A-Za-z0-9]{30,}|\btk-us-[\w-]{40,}",
        "a pnu_{36} b",
        "pnu_1",
        "Prefect: API keys",
    ),
    (
        "Okta token",
        r"(\b00[A-Za-z][\w-]{37,43}\b)",
        "a 00H{39} b",
        "00H",
        "Okta: Create an API token",
        SecretValues.MIXED,
    ),
    (
        "X or Twitter token",
        r"\bA{20}[A-Za-z0-9%]{40,}|\b\d{17,20}-[A-Za-z0-9]{36,44}\b",
        "a AAAAAAAAAAAAAAAAAAAA{80} b",
        "AAAAAAAA",
        "X: Authentication, bearer token",
    ),
    (
        "MaxMind, ClickHouse or Confluent key",
        r"\b\w{6}_\w{29}_mmk\b|\b4b1d[A-Za-z0-9]{38}\b|\bcflt[A-Za-z0-9+/]{40,}",
        "a {6}_{29}_mmk b",
        "4b1d",
        "MaxMind: License keys",
    ),
    (
        "Django key",
        r"django-insecure-[^\s\"'\\]{20,}",
        "a django-insecure-{50} b",
        "django-insecure-",
        "Django: Settings, SECRET_KEY",
    ),
    (
        "hash of a password",
        (
            r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{20,}|\$(?:1|5|6|7|y|apr1|gy)\$[^\s:$\"',]{1,40}\$[^\s:\"',]{16,}"
            r"|\$argon2(?:id|i|d)\$[^\s:\"']{20,}|\bpbkdf2[_:-]sha\d+[$:][^\s\"']{20,}|\$scrypt\$[^\s:\"']{20,}"
            r"|\{SS?HA(?:256|512)?\}[\w+/=]{20,}|\bSCRAM-SHA-256\$\d+:[^\s\"']{20,}"
        ),
        "a $2b$12${53} b",
        "$2b$ and $1 paid",
        "Passlib: Modular crypt format",
    ),
)

_PREFIXED = Rule(
    "token with a short prefix",
    RuleGroup.VENDOR,
    r"\b[a-z][a-z0-9]{1,7}_(?:(?:live|test|prod|api|pat|key|secret|token|sk|pk)_)?([A-Za-z0-9]{32,})\b",
    "used acme_live_{36}",
    "acme_live_the_whole_of_the_configuration_of_it",
    "GitHub: Behind GitHub's new authentication token formats",
    SecretValues.MIXED,
)
"""What many vendors have copied: a word, a sign and many letters and digits."""

SERVICES = (*rules_of(RuleGroup.VENDOR, _ROWS), _PREFIXED)
