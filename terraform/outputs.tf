# What a person pastes. Alerts name these commands too, so nothing in them is known only after the apply.
locals {
  ledger_copy = "${var.home.project}-${var.home.name}-copy"
  function_id = "projects/${var.home.project}/locations/${var.home.region}/functions/${google_cloudfunctions2_function.verifier.name}"
  audit_view  = "--project=${var.home.project} --location=${var.home.region} --bucket=${google_logging_project_bucket_config.audit.bucket_id} --view=${google_logging_log_view.audit.name} --freshness=1d --limit=20"

  # The installation's own log: what it says when it does not start goes to standard error, and has no severity.
  log_filter = "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"${var.home.name}\" (severity>=\"WARNING\" OR log_id(\"run.googleapis.com/stderr\"))"

  # The policy's path as a word of the shell. An alert is read on another machine: there it begins at a clone's root.
  policy_word = {
    for place, path in {
      here  = abspath(var.policy_file)
      clone = startswith(var.policy_file, "/") ? var.policy_file : "terraform/${var.policy_file}"
    } : place => "'${replace(path, "'", "'\\''")}'"
  }

  commands = merge(local.signal_commands, {
    doctor          = "verifier doctor --function=${local.function_id} --policy=${local.policy_word.here}"
    doctor_in_clone = ".venv/bin/verifier doctor --function=${local.function_id} --policy=${local.policy_word.clone}"
    log             = "gcloud logging read '${local.log_filter}' --project=${var.home.project} --freshness=1h --limit=20 --format='value(timestamp,severity,jsonPayload.message,jsonPayload.problems,textPayload)'"
    audit           = "gcloud logging read 'labels.kind=\"verdict\"' ${local.audit_view} --format='value(timestamp,labels.verdict,labels.project,labels.build)'"
    open            = "gcloud logging read 'labels.verdict=\"INCONCLUSIVE\"' ${local.audit_view} --format='value(timestamp,labels.project,labels.build,jsonPayload.findings[].remediation)'"
    undelivered     = "gcloud logging read 'labels.kind=\"undelivered\"' ${local.audit_view} --format='value(timestamp,labels.build,jsonPayload.reason)'"
    quarantined     = "gcloud logging read 'labels.kind=\"quarantined\"' ${local.audit_view} --format='value(timestamp,jsonPayload.reason,jsonPayload.excerpt)'"
    unconfirmed     = "gcloud logging read 'labels.kind=\"unconfirmed\"' ${local.audit_view} --format='value(timestamp,labels.build,jsonPayload.reason)'"
    unwatched       = "gcloud logging read 'labels.kind=\"unwatched\"' ${local.audit_view} --format='value(timestamp,labels.project,labels.location,jsonPayload.reason)'"
    show            = "gcloud pubsub subscriptions pull ${google_pubsub_subscription.dead_letters.name} --project=${var.home.project} --limit=10"
    empty           = "gcloud pubsub subscriptions seek ${google_pubsub_subscription.dead_letters.name} --project=${var.home.project} --time=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    scheduler       = "gcloud scheduler jobs describe ${google_cloud_scheduler_job.sweep.name} --location=${var.home.region} --project=${var.home.project}"
    restart         = "gcloud run services update ${var.home.name} --region=${var.home.region} --project=${var.home.project} --update-labels=restarted=$(date +%s)"

    slow             = "gcloud logging read '${local.own_log} jsonPayload.objective=\"missed\"' --project=${var.home.project} --freshness=1d --limit=20 --format='value(timestamp,jsonPayload.project,jsonPayload.build,jsonPayload.seconds,jsonPayload.worker_seconds)'"
    red              = "gcloud logging read '(labels.verdict=\"LOCAL_SOURCE\" OR labels.verdict=\"FAILED\")' ${local.audit_view} --format='value(timestamp,labels.verdict,labels.project,labels.build)'"
    audit_role       = "gcloud projects get-iam-policy ${var.home.project} --flatten=bindings --filter='bindings.members:${google_service_account.account["function"].account_id}@${var.home.project}.iam.gserviceaccount.com' --format='value(bindings.role)'"
    executions       = "gcloud pubsub subscriptions describe ${google_pubsub_subscription.push["executions"].name} --project=${var.home.project} --format='value(topic,state)'"
    subscriptions    = "gcloud pubsub subscriptions list --project=${var.home.project} --filter='name:${var.home.name}-builds' --format='value(name,topic,state)'"
    instances        = "gcloud run services describe ${var.home.name} --region=${var.home.region} --project=${var.home.project} --format='yaml(spec.template.metadata.annotations)'"
    quota_cloudbuild = "gcloud beta quotas info list --service=cloudbuild.googleapis.com --project=${var.home.project} --filter='metric:get_requests'"
    quota_logging    = "gcloud beta quotas info list --service=logging.googleapis.com --project=${var.home.project} --filter='metric:read_requests'"
    recovery         = "gcloud firestore databases describe --database=${google_firestore_database.ledger.name} --project=${var.home.project} --format='value(pointInTimeRecoveryEnablement,earliestVersionTime)'"
    copy_bucket      = "gcloud storage buckets create gs://${local.ledger_copy} --location=${var.home.region} --uniform-bucket-level-access --project=${var.home.project}"
    recover          = "gcloud firestore export gs://${local.ledger_copy}/$(date -u +%Y-%m-%dT%H) --database=${google_firestore_database.ledger.name} --snapshot-time=$(date -u +%Y-%m-%dT%H:00:00Z) --project=${var.home.project}"
  })
  signal_commands = { for name in keys(local.signal_alerts) : "signal_${name}" => format(local.signal_command, name) }
}

output "slack_secret" {
  description = "The command that adds Slack's bot token, or the webhook's address, to the secret: it asks for it, and keeps it out of the shell's history."
  value       = "printf 'The secret, which is not shown: ' && read -rs SECRET && printf %s \"$SECRET\" | gcloud secrets versions add ${google_secret_manager_secret.slack.secret_id} --project=${var.home.project} --data-file=-"
}

output "restart" {
  description = "The command that has the function start afresh, with the newest version of the secret."
  value       = local.commands.restart
}

output "function" {
  description = "The function: its name, region and project, the account that it runs as, and its address."
  value = {
    name    = google_cloudfunctions2_function.verifier.name
    region  = var.home.region
    project = var.home.project
    account = google_service_account.account["function"].email
    url     = local.function_url
  }
}

output "doctor" {
  description = "The command that checks the installation."
  value       = local.commands.doctor
}

output "settings" {
  description = "The settings that the function was given."
  value       = local.settings
}

output "jobs" {
  description = "The jobs that the function may start, and those whose runs it looks at."
  value = {
    started   = sort(keys(local.jobs))
    looked_at = sort(flatten([for id, jobs in local.looked_at : [for job in jobs : "${id}/${job}"]]))
  }
}

output "dashboard" {
  description = "Where to look."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.verifier.id)}?project=${var.home.project}"
}

output "log" {
  description = "The command that shows what the function warns of."
  value       = local.commands.log
}

output "audit" {
  description = "The command that shows the newest verdicts, from the bucket that keeps them."
  value       = local.commands.audit
}

output "alerts" {
  description = "What each alert is about, by the name by which `alerts = { off = [...] }` turns it off."
  value       = { for name, alert in local.alerts : name => alert.title }
  precondition {
    condition     = length(setsubtract(var.alerts.off, keys(local.alerts))) == 0
    error_message = "alerts.off: give names of alerts (${join(", ", keys(local.alerts))}), not ${join(", ", setsubtract(var.alerts.off, keys(local.alerts)))}."
  }
}

output "dead_letters" {
  description = "The commands that show the messages that were given up, and that throw them away once they are understood."
  value = {
    show  = local.commands.show
    empty = local.commands.empty
  }
}
