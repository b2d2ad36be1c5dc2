//! The frame of pages for signed-in people.

use crate::{
    domain::{paths, role::Role},
    server::{
        access::{self, AccountReader, Viewer},
        dashboard::{page_request::PageRequest, session},
        error::ServiceError,
        service::accounts::{self, Account, Joined, Kind},
    },
    ui::layout::{AccountLink, FrameData, Section},
};
use std::time::Duration;
use tokio::time::timeout;

/// Time limit of the frame of an error page, which does without it.
const PATIENCE: Duration = Duration::from_secs(1);

fn link(account: &Account, role: Role) -> AccountLink {
    AccountLink {
        slug: account.slug.clone(),
        name: account.name.clone(),
        role: (account.kind == Kind::Team).then_some(role),
    }
}

/// The frame of a page of `reader`'s account.
///
/// # Errors
/// When the database fails.
pub async fn of(
    visit: &PageRequest,
    viewer: &Viewer,
    reader: &AccountReader,
    section: Section,
) -> Result<FrameData, ServiceError> {
    if visit.counts_as_visit {
        let last = viewer.last_account.as_deref();
        accounts::record_visit(&visit.app, viewer.id, last, &reader.account);
    }
    let joined = accounts::joined(&visit.app, viewer.id).await?;
    let owner = match reader.role {
        Role::Member => accounts::owner_name(&visit.app, &reader.account).await?,
        Role::PrimaryOwner | Role::Owner => None,
    };
    Ok(FrameData {
        owner,
        person: viewer.name.clone(),
        account: link(&reader.account, reader.role),
        accounts: joined
            .iter()
            .map(|Joined { account, role }| link(account, *role))
            .collect(),
        section,
        full: false,
        inert: false,
        status_id: None,
    })
}

/// The frame of a page that belongs to no account: that of the account that the person visited last.
///
/// # Errors
/// When the database fails.
pub async fn of_home(visit: &PageRequest, viewer: &Viewer) -> Result<FrameData, ServiceError> {
    let home = accounts::home(&visit.app, viewer.id).await?;
    let reader = access::reader(&visit.app, viewer, &home.slug).await?;
    of(visit, viewer, &reader, Section::Other).await
}

/// The frame of an error page: that of the account in its address if the person is a member, otherwise as [`of_home`].
/// `None` for people who are not signed in, and if the database does not answer.
pub async fn of_visitor(visit: &PageRequest) -> Option<FrameData> {
    if !visit.has_cookie() {
        return None;
    }
    // An error is no visit.
    let visit = &PageRequest {
        counts_as_visit: false,
        ..visit.clone()
    };
    let found = async {
        let viewer = session::visitor(&visit.app, &visit.headers).await.ok()??;
        let slug = visit.path.strip_prefix(paths::HOME).unwrap_or_default();
        let slug = slug.split(['/', '?']).next().unwrap_or_default();
        let frame = match access::reader(&visit.app, &viewer, slug).await {
            Ok(reader) => of(visit, &viewer, &reader, Section::Other).await,
            Err(_) => of_home(visit, &viewer).await,
        };
        frame.ok()
    };
    timeout(PATIENCE, found).await.ok().flatten()
}
