# Three accounts, so that what each may do is small.

locals {
  accounts = {
    function = "runs the function"
    push     = "calls the function"
    builder  = "builds the function, and nothing else"
  }

  # Spelled out, so that a plan shows who is given what.
  members = {
    for name, account in google_service_account.account : name =>
    "serviceAccount:${account.account_id}@${account.project}.iam.gserviceaccount.com"
  }
}

resource "google_service_account" "account" {
  for_each     = local.accounts
  project      = var.home.project
  account_id   = "${var.home.name}-${each.key}"
  display_name = "Build Verifier: ${each.value}"
}
