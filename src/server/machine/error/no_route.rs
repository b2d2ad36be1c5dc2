//! Requests that match no route of the catalogue (`BSE2404`): whether it is the method or the path, and what would pass.
//! The catalogue is public (`GET /v1/openapi.json`), so the sentences may name what it has.

use crate::domain::catalog::{Catalog, NearMiss};

/// Why a request matches no route.
#[derive(Debug)]
pub struct NoRoute(NearMiss);

impl NoRoute {
    /// What is wrong with a request that has no route, by the path as it is compared.
    #[must_use]
    pub fn of(catalog: &Catalog, path: &str) -> Self {
        Self(catalog.near_miss(path))
    }

    /// The path is right, and takes these methods.
    #[must_use]
    pub fn takes(methods: &[&str]) -> Self {
        Self(NearMiss::Methods(
            methods.iter().map(|&method| method.to_owned()).collect(),
        ))
    }

    /// The part of the request.
    #[must_use]
    pub const fn part(&self) -> &'static str {
        match self.0 {
            NearMiss::Methods(_) => "method",
            NearMiss::SlashAtEnd | NearMiss::LetterCase | NearMiss::None => "path",
        }
    }

    /// What is wrong, and what would pass.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.0 {
            NearMiss::Methods(methods) => {
                format!(
                    "This path has no route for this method. Send {}.",
                    methods.join(" or ")
                )
            }
            NearMiss::SlashAtEnd => {
                "There is no such route: leave out the slash at the end of the path.".to_owned()
            }
            NearMiss::LetterCase => {
                "There is no such route: a route differs from this path only in capital and small letters."
                    .to_owned()
            }
            NearMiss::None => "There is no such route: check the path.".to_owned(),
        }
    }
}
