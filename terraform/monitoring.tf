locals {
  audit_log = "logName=\"projects/${var.home.project}/logs/build-verifier\""

  # The names that the metrics have in PromQL. A counter's sample is what its minute counted: a time's count is their sum,
  # where increase() would take each smaller sample for a reset.
  metric_prefix = "logging_googleapis_com:user_${replace(var.home.name, "-", "_")}"
  entries       = "${local.metric_prefix}_entries{monitored_resource=\"global\"%s}"
  verdicts      = format(local.entries, ",kind=\"verdict\"")
  inconclusive  = format(local.entries, ",kind=\"verdict\",verdict=\"INCONCLUSIVE\"")
  undelivered   = format(local.entries, ",kind=\"undelivered\"")
  quarantined   = format(local.entries, ",kind=\"quarantined\"")
  unconfirmed   = format(local.entries, ",kind=\"unconfirmed\"")
  unwatched     = format(local.entries, ",kind=\"unwatched\"")
  sweeps        = "${local.metric_prefix}_sweeps{monitored_resource=\"cloud_run_revision\"}"
  to_verdict    = "${local.metric_prefix}_time_to_verdict_bucket{monitored_resource=\"global\"}"
  waiting       = "pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"%s\"}"
  dead_letters  = format(local.waiting, google_pubsub_subscription.dead_letters.name)

  doctor_step = {
    when     = "In a clone of the repository, after `make .venv/ready`, and with application default credentials (`gcloud auth application-default login`):"
    commands = ["doctor_in_clone"]
  }

  # A runbook begins with what the trouble means for builds. Commands that belong to different moments are never in one
  # block, for a block is pasted whole.
  alerts = {
    dead_letters = {
      title    = "Messages were given up"
      severity = "ERROR"
      query    = "max(${local.dead_letters}) > 0"
      duration = "0s"
      runbook  = "Builds are judged as before; at most the line about a build that failed is lost, for the sweep finds successful builds and runs that have ended by itself. A hundred deliveries of a message failed, and the function's log says why (`not acknowledged`). Fix that, then empty the subscription (output `dead_letters`): nothing needs to be replayed."
      urgency  = "It can wait until morning: what was given up is kept for 31 days. It is over when the subscription is empty."
      steps = [
        { when = "To look at it:", commands = ["log", "show"] },
        { when = "When you understand them, and only then:", commands = ["empty"] },
      ]
    }
    no_sweep = {
      title    = "No sweep was completed for ten minutes"
      severity = "CRITICAL"
      query    = "(sum(sum_over_time(${local.sweeps}[5m])) or vector(0)) < 1"
      duration = "300s"
      runbook  = "Verdicts may be late or missing: what failed once is not tried again, or builds that nobody announced are not found. Run `verifier doctor`. Look at the function's log: it does not start (a wrong setting or policy, a secret without a version), or a sweep fails (`not acknowledged`), or builds of a project can't be listed (`sweep incomplete`: the sweep's line in the function's log names the place and the permission). No such line: is the scheduler's job paused, is the push refused (403)?"
      urgency  = "Do not wait: what failed once may not be tried again meanwhile. It is over when the dashboard counts sweeps again, one a minute."
      steps    = [local.doctor_step, { when = "To look at it:", commands = ["log", "scheduler"] }]
    }
    inconclusive = {
      title    = "More than a quarter of the verdicts of a day are inconclusive"
      severity = "WARNING"
      query    = "sum(sum_over_time(${local.inconclusive}[1d])) / sum(sum_over_time(${local.verdicts}[1d])) > 0.25 and sum(sum_over_time(${local.inconclusive}[1d])) >= 5"
      duration = "0s"
      runbook  = "Nobody knows of these builds whether they are what was pushed and whether they work; none is taken for good. Something that is required can't be checked: the audit trail's `findings` with the outcome `could-not-check` say what, and their `remediation` what to do. Mostly it is a permission, a worker that logs too late, or a job whose image tag moved."
      urgency  = "It can wait until morning. It is over a day after the last of them at the latest."
      steps    = [{ when = "To look at it:", commands = ["open"] }, local.doctor_step]
    }
    undelivered = {
      title    = "Slack refuses a verdict"
      severity = "ERROR"
      query    = "sum(sum_over_time(${local.undelivered}[1h])) > 0"
      duration = "0s"
      runbook  = "Builds are judged as before; only Slack does not hear of it. The verdict is in the audit trail, and is posted when Slack takes it: it is tried every five minutes, or every hour when Slack refuses this message alone. The entry of kind `undelivered` names the fix: invite the bot to the channel, correct `slack.channel` in terraform.tfvars (or a route's channel in policy.toml) and apply, or renew the token (see Upgrade)."
      urgency  = "It can wait until morning where nobody has to act on a red verdict at night. It is over an hour after the last refusal."
      steps    = [{ when = "To look at it:", commands = ["undelivered"] }, local.doctor_step]
    }
    quarantined = {
      title    = "Messages can't be read"
      severity = "WARNING"
      query    = "sum(sum_over_time(${local.quarantined}[1h])) > 0"
      duration = "0s"
      runbook  = "Builds are judged as before: the sweep finds by listing those whose messages can't be read, some minutes late. Either somebody publishes to the topics who should not, or a subscription was changed, or Cloud Build writes what this version does not know. The entries of kind `quarantined` say where, what was expected and what was got, with the beginning of the message. See who may publish to the topic, and run `verifier doctor`."
      urgency  = "It can wait until morning. It is over an hour after the last such message."
      steps    = [{ when = "To look at it:", commands = ["quarantined"] }, local.doctor_step]
    }
    unconfirmed = {
      title    = "Messages name builds that Cloud Build does not show"
      severity = "WARNING"
      query    = "sum(sum_over_time(${local.unconfirmed}[1h])) > 0"
      duration = "0s"
      runbook  = "No verdict was given for them. Either somebody forges messages, which costs a read each and buys nothing, or the verifier may not read these builds: then real ones are not judged. The entries of kind `unconfirmed` name the builds and what Cloud Build answered. See who may publish to the topic, and run `verifier doctor`."
      urgency  = "It can wait until morning where the entries say `not found`; where they name a permission, builds go unjudged until it is granted. It is over an hour after the last such message."
      steps    = [{ when = "To look at it:", commands = ["unconfirmed"] }, local.doctor_step]
    }
    unwatched = {
      title    = "Builds ran where nobody watches"
      severity = "WARNING"
      query    = "sum(sum_over_time(${local.unwatched}[1h])) > 0"
      duration = "0s"
      runbook  = "Builds of a region or project that the verifier does not watch are not judged. Add the place to `regions` or `projects` in terraform.tfvars and apply, or find out who built there (`gcloud builds submit --region=…` is enough) and why. The entries of kind `unwatched` name each place once an hour, twenty at the most: anybody who may publish to the topic can name any place."
      urgency  = "It can wait until morning where nothing from that place is deployed. It is over an hour after the last such build."
      steps    = [{ when = "To look at it:", commands = ["unwatched"] }, local.doctor_step]
    }
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
  description = "Sweeps that came to their end."
  filter      = "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"${var.home.name}\" jsonPayload.sweep=\"completed\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
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
  for_each              = local.alerts
  project               = var.home.project
  display_name          = "Build Verifier: ${each.value.title}"
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = concat([for channel in google_monitoring_notification_channel.email : channel.id], tolist(var.alerts.channels))

  conditions {
    display_name = each.value.title
    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = each.value.duration
      evaluation_interval       = "60s"
      disable_metric_validation = true # a metric is known to Monitoring only once it has counted something
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
    google_logging_metric.sweeps,
    google_pubsub_subscription.push,
    google_service_account_iam_member.push_token,
  ]
}
