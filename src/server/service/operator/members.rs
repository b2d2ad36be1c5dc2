//! Members of a team: listing them, removing one, changing a role. The primary owner stays, because no team
//! is without one.

use super::{Member, Operator, PAGE, Person, refuse};
use crate::{
    domain::{
        activity::Event,
        ids::{AccountId, UserId},
        role::Role,
        time::Timestamp,
    },
    server::{
        error::ServiceError,
        store::{Tables as _, accounts::Account},
    },
};

/// A member of a team.
pub struct InTeam {
    /// The team.
    pub team: Account,
    /// The member.
    pub person: Person,
    /// Their role.
    pub role: Role,
    /// When they joined.
    pub since: Timestamp,
}

impl Operator<'_> {
    /// The primary owner of an account, in the form of a member.
    pub async fn primary_owner(
        &self,
        account: &Account,
        owner: UserId,
    ) -> Result<Option<Member>, ServiceError> {
        let user = self.store.read().await?.users().by_id(owner).await?;
        Ok(user.map(|user| Member {
            user: user.id,
            name: user.name,
            email: user.email,
            role: Role::PrimaryOwner,
            since: account.created_at,
        }))
    }

    /// The next members of a team after this one; empty at the end.
    pub async fn members(
        &self,
        account: AccountId,
        after: Option<UserId>,
    ) -> Result<Vec<Member>, ServiceError> {
        let mut reader = self.store.read().await?;
        Ok(reader.operator().members(account, after, PAGE).await?)
    }

    /// Finds a member who is not the primary owner.
    ///
    /// # Errors
    /// `Conflict` with a sentence when the person is no member, or the primary owner.
    pub async fn member(&self, slug: &str, email: &str) -> Result<InTeam, ServiceError> {
        let (team, owner) = self.account(slug).await?;
        let person = self.person(email).await?;
        if person.id()? == owner {
            return refuse(format!(
                "{email} is the primary owner of {slug}, which always has one: they cannot be removed, and their role \
                 cannot be changed"
            ));
        }
        let mut reader = self.store.read().await?;
        match reader.operator().member(team.id, person.id()?).await? {
            Some((role, since)) => Ok(InTeam {
                team,
                person,
                role,
                since,
            }),
            None => refuse(format!("{email} is not in {slug}")),
        }
    }

    /// Removes a member. The keys they created stay.
    ///
    /// # Errors
    /// `Conflict` when they are no longer a member.
    pub async fn remove_member(&self, member: &InTeam) -> Result<(), ServiceError> {
        let (team, user) = (member.team.id, member.person.id()?);
        let mut tx = self.store.write().await?;
        tx.accounts().lock(team).await?;
        if !tx.change_member(team, user).remove().await? {
            return refuse(format!(
                "{} is no longer in {}",
                member.person.email, member.team.slug
            ));
        }
        let target = (user.to_string(), member.person.name.as_str());
        let detail = format!("was {}", member.role.label());
        self.record(&mut tx, Some(team), Event::MemberRemoved, target, detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Changes the role of a member.
    ///
    /// # Errors
    /// `Conflict` when they are no longer a member, or already have the role.
    pub async fn set_role(&self, member: &InTeam, role: Role) -> Result<(), ServiceError> {
        let (team, user) = (member.team.id, member.person.id()?);
        let mut tx = self.store.write().await?;
        tx.accounts().lock(team).await?;
        let Some((before, _)) = tx.operator().member(team, user).await? else {
            return refuse(format!(
                "{} is no longer in {}",
                member.person.email, member.team.slug
            ));
        };
        if before == role {
            return refuse(format!("{} is already {}", member.person.email, role.label()));
        }
        tx.change_member(team, user).set_role(role).await?;
        let target = (user.to_string(), member.person.name.as_str());
        let detail = format!("from {} to {}", before.label(), role.label());
        self.record(&mut tx, Some(team), Event::RoleChanged, target, detail)
            .await?;
        Ok(tx.commit().await?)
    }
}
