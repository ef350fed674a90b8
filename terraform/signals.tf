# Alerts on lines of the function's own log, which it writes about what lasts: verifier/controller/signals.py. They do not
# need the audit trail or Slack, which may be what is broken.

locals {
  signal_command = "gcloud logging read '${local.own_log} jsonPayload.signal=\"%s\"' --project=${var.home.project} --freshness=1d --limit=20 --format='value(timestamp,jsonPayload.project,jsonPayload.build,jsonPayload.message)'"

  alerts_about_signals = {
    for key, alert in local.signal_alerts : key => {
      title    = alert.title
      severity = alert.severity
      query    = null
      duration = null
      match    = "${local.own_log} jsonPayload.signal=\"${key}\"${alert.if}"
      labels   = { for label in alert.by : label => "EXTRACT(jsonPayload.${label})" }
      runbook  = alert.runbook
      urgency  = alert.urgency
      steps    = concat([{ when = "To look at it:", commands = concat(["signal_${key}"], alert.commands) }], alert.then)
    }
  }

  signal_alerts = {
    audit_unwritten = {
      title    = "The audit trail takes no entries"
      severity = "ERROR"
      if       = ""
      by       = []
      runbook  = "Builds are judged, but VERIFIED is told to nobody before the audit trail has it, and no other verdict is done; Slack hears of those all the same. An entry was refused for five minutes: the line says why. Mostly the function's account lacks its role (apply again), or the Logging API is off. Everything is written, with its own times, as soon as it is taken."
      urgency  = "It can wait until morning where nobody waits for a VERIFIED. It is over an hour after the last refusal."
      commands = ["audit_role"]
      then     = [local.doctor_step]
    }
    slack_late = {
      title    = "Verdicts wait for Slack"
      severity = "WARNING"
      if       = ""
      by       = []
      runbook  = "Builds are judged as before and the audit trail has every verdict; Slack does not hear of them: it has not been reached, or asks for patience, for a quarter of an hour. Look at slack-status.com and at what the line says. What waits is posted, once, when Slack answers; red verdicts are in the audit trail meanwhile."
      urgency  = "It can wait until morning where nobody has to act on a red verdict at night. It is over an hour after the last line."
      commands = ["red"]
      then     = [local.doctor_step]
    }
    build_unread = {
      title    = "Builds can't be read from Cloud Build"
      severity = "ERROR"
      if       = ""
      by       = ["project"]
      runbook  = "These builds have no verdict yet; they are asked for again and again, and judged when Cloud Build answers. The line says why not: `quota used up` (ask for more read requests, or build less often at once), `permission denied` (the role that it names; apply again), or no answer (status.cloud.google.com). Slack's notices about unconfirmed messages may be about the same builds."
      urgency  = "It can wait until morning where nothing is deployed unseen; builds go unjudged meanwhile. It is over an hour after the last line."
      commands = ["quota_cloudbuild"]
      then     = [local.doctor_step]
    }
    logs_unread = {
      title    = "Logs of jobs can't be read"
      severity = "WARNING"
      if       = ""
      by       = ["project"]
      runbook  = "Builds with a worker are judged late, and INCONCLUSIVE when their `logs_deadline` is over. For five minutes after a run its logs could not be read, and the line says why: `quota used up` (sixty reads a minute and project: ask for more), `permission denied` (apply again), or no answer. Build again what became INCONCLUSIVE meanwhile. Of watched jobs' runs, read until an hour after their ends, nobody can tell how they went: they never count as good."
      urgency  = "It can wait until morning. It is over an hour after the last line."
      commands = ["quota_logging"]
      then     = [local.doctor_step]
    }
    unannounced = {
      title    = "Cloud Build's messages don't arrive"
      severity = "WARNING"
      if       = " jsonPayload.in_a_row>=3"
      by       = ["project"]
      runbook  = "Builds of this project are judged, but only when the sweep finds them by listing, a quarter of an hour late. No message announced three of them in a row: the topic `cloud-builds` or its subscription is gone (a subscription whose topic was deleted says `_deleted-topic_`), or every build redirects its messages with `options.pubsubTopic`. Apply again: it makes what is missing."
      urgency  = "It can wait until morning. It is over an hour after the last line."
      commands = ["subscriptions"]
      then     = [local.doctor_step]
    }
    no_completion_entry = {
      title    = "Messages about ended executions don't arrive"
      severity = "WARNING"
      if       = " jsonPayload.in_a_day>=2"
      by       = ["project"]
      runbook  = "Builds with a worker are judged as before, but some minutes later: the verifier looks at the executions by itself. In the jobs' project the log sink is gone, disabled or lacks its permission on the topic, or the topic or its subscription is gone. Run `verifier doctor`, which names it, and apply again."
      urgency  = "It can wait until morning. It is over an hour after the last line."
      commands = ["executions"]
      then     = [local.doctor_step]
    }
    place_late = {
      title    = "Builds of a place are not listed"
      severity = "WARNING"
      if       = ""
      by       = ["place_late"]
      runbook  = "Builds that are announced are judged as before; one that redirects its messages goes unseen there until the place is listed again, from where it was left on. The sweep's lines say why: the permission is gone, the project was deleted (take it out of `projects` in terraform.tfvars and apply), its Cloud Build API is off, or the region does not answer (status.cloud.google.com)."
      urgency  = "It can wait until morning. It is over an hour after the last line."
      commands = ["log"]
      then     = [local.doctor_step]
    }
    backlog_late = {
      title    = "Records are overdue"
      severity = "WARNING"
      if       = ""
      by       = []
      runbook  = "Verdicts come late: there is more to resume than is resumed, and the record that is due longest is ten minutes overdue. After an outage, that passes. If it does not, see in the log which service is slow or refuses, and whether all instances are busy."
      urgency  = "It can wait until morning. It is over an hour after the last line."
      commands = ["log", "instances"]
      then     = [local.doctor_step]
    }
    clock_skew = {
      title    = "The clocks disagree"
      severity = "WARNING"
      if       = ""
      by       = []
      runbook  = "Builds are judged as before, but waits and leases are counted by a clock that differs from the ledger's by more than half a minute, so a build may be taken up twice or late. It is the clock of an instance of Cloud Run, which you can't set: start the function afresh."
      urgency  = "It can wait until morning. It is over an hour after the last line."
      commands = []
      then     = [{ when = "To have new instances:", commands = ["restart"] }]
    }
    record_unreadable = {
      title    = "Records of the ledger can't be read"
      severity = "ERROR"
      if       = ""
      by       = []
      runbook  = "The builds of these records are not judged. Either a later version wrote them, and this one was installed over it: install the later one. Or somebody changed or damaged the ledger: every version of each record of the last seven days is kept (point-in-time recovery), so a copy can be made of how it was. docs/alerts.md says how to put records back."
      urgency  = "It can wait until morning: nothing else is touched, and seven days are kept. It is over an hour after the last line."
      commands = ["recovery"]
      then     = [{ when = "To have a copy of the ledger as it was at the beginning of this hour, in a bucket of its own:", commands = ["copy_bucket", "recover"] }]
    }
    job_unseen = {
      title    = "Runs of a watched job are not seen"
      severity = "WARNING"
      if       = ""
      by       = ["project", "job"]
      runbook  = "Builds are judged as before. What this job runs is not told meanwhile, except for runs whose end a message announces and that can be read: three looks at its executions in a row failed, or there is no such job. The line says which: `permission denied` (apply again: the verifier's account needs run.executions.list and run.executions.get), no such job (correct its region or name in the policy, or have it watched no more: `watch = false` on the worker, or take it out of `[watch] jobs`), or no answer (status.cloud.google.com). What it ran meanwhile is counted when it can be looked at, as far as Cloud Run still keeps it."
      urgency  = "It can wait until morning. It is over an hour after the last line."
      commands = []
      then     = [local.doctor_step]
    }
  }
}
