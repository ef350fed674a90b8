locals {
  own_log   = "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"${var.home.name}\""
  audit_log = "logName=\"projects/${var.home.project}/logs/build-verifier\""

  # The names that the metrics have in PromQL. A counter's sample is what its minute counted: a time's count is their sum,
  # where increase() would take each smaller sample for a reset.
  metric_prefix = "logging_googleapis_com:user_${replace(var.home.name, "-", "_")}"
  entries       = "${local.metric_prefix}_entries{monitored_resource=\"global\"%s}"
  verdicts      = format(local.entries, ",kind=\"verdict\"")
  own_verdicts  = "${local.metric_prefix}_verdicts{monitored_resource=\"cloud_run_revision\"%s}"
  signals       = "${local.metric_prefix}_signals{monitored_resource=\"cloud_run_revision\"%s}"
  watches       = "${local.metric_prefix}_watches{monitored_resource=\"global\"%s}"
  watch_kinds   = ["running", "checkpoint", "regressed", "watch-ended"]
  watch_log     = "${local.audit_log} labels.kind=(${join(" OR ", formatlist("\"%s\"", local.watch_kinds))})"
  sweeps        = "${local.metric_prefix}_sweeps{monitored_resource=\"cloud_run_revision\"}"
  to_verdict    = "${local.metric_prefix}_time_to_verdict_bucket{monitored_resource=\"global\"}"
  instances     = "run_googleapis_com:container_instance_count{monitored_resource=\"cloud_run_revision\",service_name=\"${var.home.name}\",state=\"active\"}"
  waiting       = "pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"%s\"}"
  dead_letters  = format(local.waiting, google_pubsub_subscription.dead_letters.name)

  doctor_step = {
    when     = "In a clone of the repository, after `make .venv/ready`, and with application default credentials (`gcloud auth application-default login`):"
    commands = ["doctor_in_clone"]
  }
}

# One metric counts every kind of entry: verdicts, and messages that could not be read, confirmed or delivered.
resource "google_logging_metric" "entries" {
  project     = var.home.project
  name        = "${var.home.name}/entries"
  description = "Entries of the audit trail, by kind, verdict and project."
  filter      = local.audit_log
  label_extractors = {
    for label in ["kind", "verdict", "project"] : label => "EXTRACT(labels.${label})"
  }
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = ["kind", "verdict", "project"]
      content {
        key = labels.value
      }
    }
  }
}

# What watched jobs run and how that goes. It counts in the minutes of a deployment, a checkpoint or a regression alone, and
# no alert asks for it: Slack has told the team.
resource "google_logging_metric" "watches" {
  project     = var.home.project
  name        = "${var.home.name}/watches"
  description = "What jobs began to run, and how it goes: entries of the audit trail by kind, outcome, verdict and project. A regression's reason is empty where it is a new error."
  filter      = "${local.watch_log} NOT labels.event=\"ceased\""
  label_extractors = merge(
    { for label in ["kind", "outcome", "verdict", "project"] : label => "EXTRACT(labels.${label})" },
    { reason = "REGEXP_EXTRACT(labels.event, \"^regressed-(failures|twice)$\")" },
  )
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = ["kind", "outcome", "verdict", "project", "reason"]
      content {
        key = labels.value
      }
    }
  }
}

resource "google_logging_metric" "time_to_verdict" {
  project         = var.home.project
  name            = "${var.home.name}/time_to_verdict"
  description     = "Seconds from a build's end to its verdict."
  filter          = "${local.audit_log} labels.kind=\"verdict\" jsonPayload.secondsToVerdict>=0"
  value_extractor = "EXTRACT(jsonPayload.secondsToVerdict)"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
  }
  bucket_options {
    exponential_buckets { # from a second to some three days
      num_finite_buckets = 36
      growth_factor      = 1.41
      scale              = 1
    }
  }
}

resource "google_logging_metric" "sweeps" {
  project     = var.home.project
  name        = "${var.home.name}/sweeps"
  description = "Sweeps that came to their end, also those that could not list every place."
  filter      = "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"${var.home.name}\" (jsonPayload.sweep=\"completed\" OR jsonPayload.sweep=\"incomplete\")"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

# What the function itself says of its verdicts: the audit trail may be what is broken.
resource "google_logging_metric" "verdicts" {
  project          = var.home.project
  name             = "${var.home.name}/verdicts"
  description      = "Verdicts by the function's own log, by project, verdict, and whether they met the objective of [slo] in policy.toml."
  filter           = "${local.own_log} jsonPayload.signal=\"verdict\""
  label_extractors = { for label in ["project", "verdict", "objective"] : label => "EXTRACT(jsonPayload.${label})" }
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = ["project", "verdict", "objective"]
      content {
        key = labels.value
      }
    }
  }
}

resource "google_logging_metric" "signals" {
  project          = var.home.project
  name             = "${var.home.name}/signals"
  description      = "Lines of the function's own log about trouble that lasts, by signal and project."
  filter           = "${local.own_log} jsonPayload.signal:* NOT jsonPayload.signal=\"verdict\""
  label_extractors = { for label in ["signal", "project"] : label => "EXTRACT(jsonPayload.${label})" }
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = ["signal", "project"]
      content {
        key = labels.value
      }
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alerts.emails
  project      = var.home.project
  type         = "email"
  display_name = "Build Verifier: ${each.value}"
  labels       = { email_address = each.value }
}

resource "google_monitoring_alert_policy" "alert" {
  for_each              = { for key, alert in local.alerts : key => alert if !contains(local.alerts_off, key) }
  project               = var.home.project
  display_name          = "Build Verifier: ${each.value.title}"
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = concat([for channel in google_monitoring_notification_channel.email : channel.id], tolist(var.alerts.channels))

  conditions {
    display_name = each.value.title
    dynamic "condition_prometheus_query_language" {
      for_each = each.value.query == null ? [] : [""]
      content {
        query                     = each.value.query
        duration                  = each.value.duration
        evaluation_interval       = "60s"
        disable_metric_validation = true # a metric is known to Monitoring only once it has counted something
      }
    }
    # A line is enough, for it is written only about what lasts: such a condition asks for no metric, and costs nothing.
    dynamic "condition_matched_log" {
      for_each = each.value.match == null ? [] : [""]
      content {
        filter           = each.value.match
        label_extractors = length(each.value.labels) > 0 ? each.value.labels : null
      }
    }
  }
  dynamic "alert_strategy" {
    for_each = each.value.match == null ? [] : [""]
    content {
      auto_close = "3600s"
      notification_rate_limit {
        period = "3600s"
      }
    }
  }
  documentation {
    content = join("\n\n", [
      each.value.runbook,
      each.value.urgency,
      join("\n\n", [
        for step in each.value.steps :
        "${step.when}\n\n```\n${join("\n", [for name in step.commands : local.commands[name]])}\n```"
      ]),
      "[Dashboard](https://console.cloud.google.com/monitoring/dashboards?project=${var.home.project}): Build Verifier",
    ])
    mime_type = "text/markdown"
  }

  # Last of all: while the first installation is under way, no sweep is no trouble.
  depends_on = [
    google_cloud_run_v2_service_iam_member.push,
    google_cloud_scheduler_job.sweep,
    google_logging_metric.entries,
    google_logging_metric.signals,
    google_logging_metric.sweeps,
    google_logging_metric.verdicts,
    google_pubsub_subscription.push,
    google_service_account_iam_member.push_token,
  ]
}
