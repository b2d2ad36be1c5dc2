//! Who may sign up. Where only invited people may, nobody could ever invite anybody: so the first person may, exactly one.

use crate::server::{
    app::App,
    config::SignUp,
    error::ServiceError,
    store::{StoreError, Tables as _, Tx},
};

/// What signing up is to whoever asks now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpDoor {
    /// Everybody may.
    Open,
    /// Only invited people may, and nobody has an account yet: one person may.
    First,
    /// Only invited people may.
    Closed,
}

/// Who may sign up at the moment. A database that does not answer lets nobody in, and the page opens all the same.
pub async fn door(app: &App) -> SignUpDoor {
    if app.config.sign_up == SignUp::Open {
        return SignUpDoor::Open;
    }
    match is_nobody_there(app).await {
        Ok(true) => SignUpDoor::First,
        Ok(false) | Err(_) => SignUpDoor::Closed,
    }
}

async fn is_nobody_there(app: &App) -> Result<bool, StoreError> {
    Ok(!app.store.read().await?.operator().has_people().await?)
}

/// Judges a sign-up before anything is computed for it.
///
/// # Errors
/// `Refused` with `sentence` when nobody may sign up.
pub(in crate::server::service) async fn check(app: &App, sentence: &'static str) -> Result<(), ServiceError> {
    let is_closed = app.config.sign_up == SignUp::Invited && !is_nobody_there(app).await?;
    if is_closed {
        return Err(ServiceError::Refused(sentence));
    }
    Ok(())
}

/// Judges it again in the transaction that adds the person: of several at once, on however many servers, one is the
/// first (docs/security.md, S91).
///
/// # Errors
/// `Refused` with `sentence` when somebody else was.
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

/// What the start says while nobody has an account and only invited people may sign up.
pub async fn notice(app: &App) -> Option<String> {
    (door(app).await == SignUpDoor::First).then(|| {
        format!(
            "SIGN_UP=invited and nobody has an account yet: the first person who signs up at {}/sign-up may, and \
             nobody after them",
            app.origin.as_str()
        )
    })
}
