//! Random sequences of actions and time steps: a key is accepted exactly as long as it should be, and the
//! activity keeps every change (S37, S38, S66).

use crate::{
    browser::{Browser, Made},
    database::Database,
    rounds::rounds,
    world::{PASSWORD, World},
};
use proptest::{
    collection,
    prelude::*,
    test_runner::{Config, TestRunner},
};

const HOUR: i64 = 3_600_000;
/// Index of a key, modulo the number of keys.
type Which = usize;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Lifetime in days; `None` is unlimited.
    Create(Option<i64>),
    Rotate(Which, i64),
    /// Hours since the rotation; 0 is now.
    ChangeGrace(Which, i64),
    Reissue(Which),
    Revoke(Which),
    Delete(Which),
    Use(Which),
    /// Milliseconds.
    Pass(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = || 0..8_usize;
    let grace = || prop::sample::select(vec![1, 6, 24, 168]);
    let passing = vec![1, HOUR - 1, HOUR, 6 * HOUR, 24 * HOUR, 167 * HOUR, 31 * 24 * HOUR];
    let step = prop_oneof![
        2 => prop::sample::select(vec![None, Some(7), Some(30)]).prop_map(Step::Create),
        5 => (which(), grace()).prop_map(|(key, hours)| Step::Rotate(key, hours)),
        3 => (which(), prop_oneof![Just(0), grace()]).prop_map(|(key, hours)| Step::ChangeGrace(key, hours)),
        2 => which().prop_map(Step::Reissue),
        1 => which().prop_map(Step::Revoke),
        1 => which().prop_map(Step::Delete),
        1 => which().prop_map(Step::Use),
        4 => prop::sample::select(passing).prop_map(Step::Pass),
    ];
    collection::vec(step, 3..16)
}

/// A secret that was shown, and until when it may work.
struct Secret {
    key: Made,
    chain: usize,
    rotated_at: Option<i64>,
    lifetime: Option<i64>,
    /// The key's own expiry, which never changes.
    expires_at: i64,
    /// Any other end: a grace period, a revocation, a reissue.
    ends_at: i64,
    used: bool,
}

/// The model: all secrets so far.
struct Story<'w> {
    world: &'w World,
    ada: Browser<'w>,
    secrets: Vec<Secret>,
    /// The activity at the last check.
    activity: Vec<String>,
}

impl Story<'_> {
    fn now(&self) -> i64 {
        self.world.app.now().millis()
    }

    fn add(&mut self, key: Made, chain: usize, lifetime: Option<i64>) {
        self.secrets.push(Secret {
            key,
            chain,
            rotated_at: None,
            lifetime,
            expires_at: lifetime.map_or(i64::MAX, |given| self.now() + given),
            ends_at: i64::MAX,
            used: false,
        });
    }

    /// Performs a step; returns the number of activity entries it adds.
    async fn take(&mut self, step: Step) -> usize {
        let now = self.now();
        // The newest secret of the key; earlier ones were replaced.
        let nth = |which: Which| {
            let id = &self.secrets.get(which % self.secrets.len().max(1))?.key.id;
            self.secrets.iter().rposition(|secret| &secret.key.id == id)
        };
        match step {
            Step::Pass(millis) => {
                self.world.advance(millis.unsigned_abs());
                // Sessions expire too as time passes.
                let answer = self.ada.sign_in(&self.ada.email, PASSWORD).await;
                assert_eq!(answer.status, 303, "{}", answer.text());
                1
            }
            Step::Create(days) => {
                let expires = days.map_or("never".to_owned(), |days| days.to_string());
                let fields = [("name", "prod"), ("preset", "full_access"), ("expires", &expires)];
                let made = self.ada.key_with(&fields).await;
                self.add(made, self.secrets.len(), days.map(|days| days * 24 * HOUR));
                1
            }
            Step::Rotate(which, hours) => {
                let Some(n) = nth(which) else { return 0 };
                let answer = self.ada.rotate(&self.secrets[n].key.id, &hours.to_string()).await;
                if answer.status != 200 {
                    return 0;
                }
                let (chain, lifetime) = (self.secrets[n].chain, self.secrets[n].lifetime);
                // One entry for the rotated key, one for its replacement, and one for each key that the
                // rotation ends.
                let mut rows = 2;
                // At most two keys of a chain work: the rotation ends the ones before.
                for older in self.secrets.iter_mut().filter(|older| older.chain == chain) {
                    if older.rotated_at.is_some() {
                        rows += usize::from(now < older.ends_at && now < older.expires_at);
                        older.ends_at = older.ends_at.min(now);
                    }
                }
                self.secrets[n].rotated_at = Some(now);
                self.secrets[n].ends_at = now + hours * HOUR;
                self.add(Made::of(&answer), chain, lifetime);
                rows
            }
            Step::ChangeGrace(which, hours) => {
                let Some(n) = nth(which) else { return 0 };
                let secret = &self.secrets[n];
                let answer = self.ada.change_grace(&secret.key.id, &hours.to_string()).await;
                let changed = answer.status == 200;
                if changed {
                    let rotated_at = secret.rotated_at.expect("only a rotation begins a grace period");
                    let end = if hours == 0 {
                        now
                    } else {
                        rotated_at + hours * HOUR
                    };
                    self.secrets[n].ends_at = end;
                }
                usize::from(changed)
            }
            Step::Reissue(which) => {
                let Some(n) = nth(which) else { return 0 };
                let token = self.ada.form_token().await;
                let answer = self.ada.reissue(&self.secrets[n].key.id, &token).await;
                let changed = answer.status == 200;
                if changed {
                    let made = Made::of(&answer);
                    let old = &mut self.secrets[n];
                    assert!(!old.used, "a secret that was used is in somebody's hands");
                    let (chain, lifetime) = (old.chain, old.lifetime);
                    let (rotated_at, expires_at, ends_at) = (old.rotated_at, old.expires_at, old.ends_at);
                    old.ends_at = now;
                    self.add(made, chain, lifetime);
                    let new = self.secrets.last_mut().expect("the new one");
                    (new.rotated_at, new.expires_at, new.ends_at) = (rotated_at, expires_at, ends_at);
                }
                usize::from(changed)
            }
            Step::Revoke(which) => {
                let Some(n) = nth(which) else { return 0 };
                let changed = self.ada.revoke(&[&self.secrets[n].key.id]).await.status == 200;
                if changed {
                    self.end(n);
                }
                usize::from(changed)
            }
            Step::Delete(which) => {
                let Some(n) = nth(which) else { return 0 };
                let changed = self.ada.delete(&[&self.secrets[n].key.id], "prod").await.status == 200;
                if changed {
                    self.end(n);
                }
                usize::from(changed)
            }
            Step::Use(which) => {
                let Some(n) = nth(which) else { return 0 };
                if self.world.code(&self.secrets[n].key).await == 200 {
                    let id = self.secrets[n].key.id.clone();
                    let same = self.secrets.iter_mut().filter(|secret| secret.key.id == id);
                    same.for_each(|secret| secret.used = true);
                }
                0
            }
        }
    }

    /// Ends the key of this secret, and with it all secrets it ever had.
    fn end(&mut self, n: usize) {
        let (id, now) = (self.secrets[n].key.id.clone(), self.now());
        for secret in self.secrets.iter_mut().filter(|secret| secret.key.id == id) {
            secret.ends_at = secret.ends_at.min(now);
        }
    }

    async fn rows(&self) -> Vec<String> {
        let sql = "SELECT id || action || at || target_id || detail FROM activity WHERE action <> 'api_key.used_after_end' ORDER BY id";
        self.world.database.texts(sql).await
    }

    /// Invariants after a step that added so many activity entries.
    async fn check(&mut self, step: Step, added: usize) {
        let now = self.now();
        let mut live = vec![0; self.secrets.len()];
        for secret in &self.secrets {
            let expected = now < secret.expires_at && now < secret.ends_at;
            let code = self.world.code(&secret.key).await;
            assert_eq!(
                code,
                if expected { 200 } else { 401 },
                "{} after {step:?}",
                secret.key.id
            );
            live[secret.chain] += usize::from(expected);
        }
        for secret in &self.secrets {
            // The page and the check follow the same rules.
            let page = self
                .ada
                .get(&format!("{}/{}", self.ada.keys(), secret.key.id))
                .await;
            let newest = self.secrets.iter().rfind(|other| other.key.id == secret.key.id);
            let works = newest.is_some_and(|newest| now < newest.expires_at && now < newest.ends_at);
            let state = page.select("main h1 + p")[0].text();
            let says_so = ["Active", "Rotated"].iter().any(|word| state.starts_with(word));
            assert_eq!(says_so, works, "{state} after {step:?}");
        }
        assert!(live.iter().all(|count| *count <= 2), "{live:?} after {step:?}");
        // These requests of the test do not count as uses.
        self.world.app.recorder.flush().await;
        for secret in self.secrets.iter().filter(|secret| !secret.used) {
            let sql = format!(
                "UPDATE api_keys SET last_used_at = NULL WHERE id = '{}'",
                secret.key.id
            );
            self.world.database.execute(&sql).await;
        }
        let rows = self.rows().await;
        let kept = self.activity.iter().all(|row| rows.binary_search(row).is_ok());
        assert!(kept, "a row of the activity is lost after {step:?}");
        assert_eq!(rows.len(), self.activity.len() + added, "{step:?}: {rows:?}");
        self.activity = rows;
    }
}

async fn play(database: Database, steps: &[Step]) {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let mut story = Story {
        world: &world,
        ada,
        secrets: Vec::new(),
        activity: Vec::new(),
    };
    story.activity = story.rows().await;
    for step in steps {
        let added = story.take(*step).await;
        story.check(*step, added).await;
    }
}

fn run(cases: u32, database: impl Fn(&tokio::runtime::Runtime) -> Database) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(play(database(&runtime), &steps));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_sequence_lets_a_key_outlive_its_end_sqlite() {
    run(rounds(16), |_| Database::sqlite());
}

#[test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
fn no_sequence_lets_a_key_outlive_its_end_postgres() {
    run(rounds(4), |runtime| runtime.block_on(Database::postgres()));
}
