//! The frame of pages for signed-in people.

use crate::{
    domain::role::Role,
    server::{
        access::{AccountReader, Viewer},
        dashboard::page_request::PageRequest,
        error::ServiceError,
        service::accounts::{self, Account, Joined, Kind},
    },
    ui::layout::{AccountLink, FrameData, Section},
};

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
    let joined = accounts::visit(
        &visit.app,
        viewer.id,
        viewer.last_account.as_deref(),
        &reader.account,
    )
    .await?;
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
