//! Who may sign up. If only invited people may, exactly one person may sign up without an invitation: the
//! first one, who can then invite others.

use crate::server::{
    app::App,
    config::SignUp,
    error::ServiceError,
    store::{StoreError, Tables as _, Tx},
};

/// Whether sign-up is possible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpAccess {
    /// Anyone may sign up.
    Open,
    /// Only invited people may sign up, but there is no account yet: one person may.
    First,
    /// Only invited people may sign up.
    Closed,
}

/// Who may sign up now. `Closed` if the database does not answer, so that the page still opens.
pub async fn access(app: &App) -> SignUpAccess {
    if app.config.sign_up == SignUp::Open {
        return SignUpAccess::Open;
    }
    match is_nobody_there(app).await {
        Ok(true) => SignUpAccess::First,
        Ok(false) | Err(_) => SignUpAccess::Closed,
    }
}

async fn is_nobody_there(app: &App) -> Result<bool, StoreError> {
    Ok(!app.store.read().await?.operator().has_people().await?)
}

/// Checks a sign-up before any other work.
///
/// # Errors
/// `Refused` with `sentence` when sign-up is closed.
pub(in crate::server::service) async fn check(app: &App, sentence: &'static str) -> Result<(), ServiceError> {
    let is_closed = app.config.sign_up == SignUp::Invited && !is_nobody_there(app).await?;
    if is_closed {
        return Err(ServiceError::Refused(sentence));
    }
    Ok(())
}

/// Checks again in the transaction that adds the person: of several simultaneous sign-ups, on any number of servers,
/// one is first (docs/security.md, S91).
///
/// # Errors
/// `Refused` with `sentence` when another person was first.
pub(in crate::server::service) async fn check_in(
    app: &App,
    tx: &mut Tx,
    sentence: &'static str,
) -> Result<(), ServiceError> {
    if app.config.sign_up == SignUp::Invited {
        tx.operator().lock_people().await?;
        if tx.operator().has_people().await? {
            return Err(ServiceError::Refused(sentence));
        }
    }
    Ok(())
}

/// The warning of a start while there is no account and only invited people may sign up.
pub async fn notice(app: &App) -> Option<String> {
    (access(app).await == SignUpAccess::First).then(|| {
        format!(
            "SIGN_UP=invited and there is no account yet: the first person who signs up at {}/sign-up is accepted, \
             and everyone after them is refused",
            app.origin.as_str()
        )
    })
}
