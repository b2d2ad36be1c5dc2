//! Paths of the dashboard. `server::dashboard::pages` has a page for each.

use std::fmt::Display;

/// Sign-in.
pub const SIGN_IN: &str = "/sign-in";
/// Sign-up.
pub const SIGN_UP: &str = "/sign-up";
/// Form action that signs out.
pub const SIGN_OUT: &str = "/sign-out";
/// Creating a team.
pub const CREATE_TEAM: &str = "/home/create-team";
/// Form action that sets the theme.
pub const THEME: &str = "/theme";
/// Prefix of all pages of an account.
pub const HOME: &str = "/home/";

/// Id of the status line. An address ends with it (`#status`) if no row of the page gets the focus.
pub const STATUS: &str = "status";

/// The list of keys of the account with this slug.
#[must_use]
pub fn keys(account: &str) -> String {
    page(account, "api-keys")
}

/// The page of a key; `keys` is the path of the list.
#[must_use]
pub fn key_below(keys: &str, id: impl Display) -> String {
    format!("{keys}/{id}")
}

/// A dialog of the list as a fragment, for scripts; `keys` is the path of the list.
#[must_use]
pub fn dialog_below(keys: &str) -> String {
    format!("{keys}/dialog")
}

/// The dialog that reissues the secret of a key, on the list.
#[must_use]
pub fn reissue(keys: &str, id: impl Display) -> String {
    format!("{keys}?dialog=reissue&key={id}")
}

/// The activity of the account.
#[must_use]
pub fn activity(account: &str) -> String {
    page(account, "activity")
}

/// The entries of the activity that name a key with this prefix.
#[must_use]
pub fn activity_of(account: &str, prefix: &str) -> String {
    format!("{}?search={prefix}", activity(account))
}

/// The activity as a file; `activity` is the path of its page.
#[must_use]
pub fn activity_export(activity: &str) -> String {
    format!("{activity}/export")
}

/// The page of an export, without its search. `None` if `address` is not an export.
#[must_use]
pub fn without_export(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.strip_suffix("/export")
}

/// The scopes of the catalogue.
#[must_use]
pub fn scopes(account: &str) -> String {
    page(account, "scopes")
}

/// The page `Guard your API`.
#[must_use]
pub fn guard(account: &str) -> String {
    page(account, "guard")
}

/// The configuration of a proxy as a file; `guard` is the path of the page.
#[must_use]
pub fn guard_file(guard: &str, proxy: &str) -> String {
    format!("{guard}/{proxy}")
}

/// A page of the account with this slug.
fn page(account: &str, name: &str) -> String {
    format!("{HOME}{account}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_has_its_path() {
        assert_eq!(keys("ada"), "/home/ada/api-keys");
        assert_eq!(key_below(&keys("ada"), 7), "/home/ada/api-keys/7");
        assert_eq!(activity("ada"), "/home/ada/activity");
        assert_eq!(activity_export(&activity("ada")), "/home/ada/activity/export");
        for (address, page) in [
            ("/home/ada/activity/export?format=csv", Some("/home/ada/activity")),
            ("/home/ada/activity/export", Some("/home/ada/activity")),
            ("/home/ada/activity?search=/export", None),
            ("/home/ada/activity", None),
        ] {
            assert_eq!(without_export(address), page, "{address}");
        }
        assert_eq!(scopes("ada"), "/home/ada/scopes");
        assert_eq!(guard("ada"), "/home/ada/guard");
        assert_eq!(guard_file(&guard("ada"), "nginx"), "/home/ada/guard/nginx");
    }
}
