# At a glance: what was decided, what came from local source, what is stuck.

locals {
  local_source = format(local.entries, ",kind=\"verdict\",verdict=\"LOCAL_SOURCE\"")
  no_verdicts  = format(local.entries, ",kind!~\"verdict|${join("|", local.watch_kinds)}\"")
  oldest       = "pubsub_googleapis_com:subscription_oldest_unacked_message_age{monitored_resource=\"pubsub_subscription\",subscription_id=~\"${var.home.name}-.*\"}"

  numbers = {
    "Seconds to a verdict, median of the last day" = "histogram_quantile(0.5, sum by (le) (sum_over_time(${local.to_verdict}[1d])))"
    "Builds from local source, last day"           = "sum(sum_over_time(${local.local_source}[1d])) or vector(0)"
    "Verdicts, last day"                           = "sum(sum_over_time(${local.verdicts}[1d])) or vector(0)"
    "Messages given up"                            = "max(${local.dead_letters})"
    "Sweeps in the last ten minutes"               = "sum(sum_over_time(${local.sweeps}[10m])) or vector(0)"
  }
  charts_by_day = {
    "Builds from local source by day and project" = "sum by (project) (sum_over_time(${local.local_source}[1d]))"
    "Verdicts by day"                             = "sum by (verdict) (sum_over_time(${local.verdicts}[1d]))"
    "What was no verdict, by day"                 = "sum by (kind) (sum_over_time(${local.no_verdicts}[1d]))"
    "What was in the way, by day"                 = "sum by (signal) (sum_over_time(${format(local.signals, "")}[1d]))"
  }
  bars_by_day = { plotType = "STACKED_BAR", minAlignmentPeriod = "86400s" }
  red_panel = {
    title     = "Red verdicts, newest first"
    logsPanel = { filter = "${local.audit_log} labels.kind=\"verdict\" labels.verdict=(\"LOCAL_SOURCE\" OR \"FAILED\")", resourceNames = ["projects/${var.home.project}"] }
  }

  # The row of what runs, from what, and how it goes.
  runs_by_day = {
    "Watches that ended, by outcome and day"                  = "sum by (outcome) (sum_over_time(${format(local.watches, ",kind=\"watch-ended\"")}[1d]))"
    "It got worse: regressions by day and project"            = "sum by (project) (sum_over_time(${format(local.watches, ",kind=\"regressed\"")}[1d]))"
    "New errors that made it worse, by day and project"       = "sum by (project) (sum_over_time(${format(local.watches, ",kind=\"regressed\",reason=\"\"")}[1d]))"
    "Jobs that began to run what is not VERIFIED, by verdict" = "sum by (verdict) (sum_over_time(${format(local.watches, ",kind=\"running\",verdict!=\"VERIFIED\"")}[1d]))"
  }
  runs_heading = {
    title = "What runs, from what, and how it goes"
    text = {
      content = "Of watched jobs: what they began to run, checkpoints, regressions and how watches ended. `verifier status` says how each job stands now."
      format  = "MARKDOWN"
    }
  }
  runs_panel = {
    title     = "What runs and how it goes, newest first"
    logsPanel = { filter = local.watch_log, resourceNames = ["projects/${var.home.project}"] }
  }
  charts = {
    "Time to verdict, in seconds: median of the last hour"        = "histogram_quantile(0.5, sum by (le) (sum_over_time(${local.to_verdict}[1h])))"
    "Time to verdict, in seconds: slowest twentieth of last hour" = "histogram_quantile(0.95, sum by (le) (sum_over_time(${local.to_verdict}[1h])))"
    "Oldest message that waits for the verifier, in seconds"      = "max by (subscription_id) (${local.oldest})"
  }
}

resource "google_monitoring_dashboard" "verifier" {
  project = var.home.project
  dashboard_json = jsonencode({
    displayName = "Build Verifier"
    gridLayout = {
      columns = "2"
      widgets = concat(
        [for title, query in local.numbers : {
          title     = title
          scorecard = { timeSeriesQuery = { prometheusQuery = query } }
        }],
        [local.red_panel],
        [for title, query in local.charts_by_day : {
          title   = title
          xyChart = { dataSets = [merge(local.bars_by_day, { timeSeriesQuery = { prometheusQuery = query } })] }
        }],
        [local.runs_heading, local.runs_panel],
        [for title, query in local.runs_by_day : {
          title   = title
          xyChart = { dataSets = [merge(local.bars_by_day, { timeSeriesQuery = { prometheusQuery = query } })] }
        }],
        [for title, query in local.charts : {
          title   = title
          xyChart = { dataSets = [{ plotType = "LINE", timeSeriesQuery = { prometheusQuery = query } }] }
        }],
      )
    }
  })
  depends_on = [google_logging_metric.entries, google_logging_metric.signals, google_logging_metric.sweeps, google_logging_metric.time_to_verdict, google_logging_metric.watches]
}
