//! Warnings about settings that weaken a guarantee of docs/security.md. Logged at each start, because most of
//! these settings look as if they were needed.

use super::{Config, Origin};
use crate::{domain::password, server::config::trusted_proxies::TrustedProxies};
use std::{net::SocketAddr, time::Duration};

/// A limit of so many times its default counts as no limit.
const FAR: u32 = 100;
/// The same for limits of memory.
const FAR_IN_MEMORY: u32 = 16;
/// Default cap on open connections when `MAX_CONNECTIONS` is not set (docs/operations.md).
const MOST_CONNECTIONS: u32 = 10_000;
/// From this length on, a stolen session cookie is as good as the password.
const LONG_SESSION: Duration = Duration::from_hours(30 * 24);

/// Warning about an over-wide list of trusted proxies.
#[must_use]
pub fn of_proxies(proxies: &TrustedProxies) -> Option<String> {
    proxies.are_wide().then(|| {
        "TRUSTED_PROXIES covers more public addresses than a /8 of IPv4 or a /24 of IPv6: clients in these networks \
         can choose their own address in X-Forwarded-For, which defeats allowlists and limits per address. List only \
         the addresses of your proxies"
            .to_owned()
    })
}

/// One warning for each guarantee that the settings weaken; `bound` is the address of the listener.
#[must_use]
pub fn warnings(
    config: &Config,
    bound: SocketAddr,
    origin: &Origin,
    proxies: &TrustedProxies,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if !origin.is_https() {
        warnings.push(if bound.ip().to_canonical().is_loopback() {
            "serving without TLS, for this machine only: give PUBLIC_URL an https address to serve others"
                .to_owned()
        } else {
            format!(
                "LISTEN {bound} is open to other machines and PUBLIC_URL is http: keys, passwords and sessions cross \
                 the network unencrypted. Listen on 127.0.0.1, or serve https through a proxy and give PUBLIC_URL its \
                 address"
            )
        });
    }
    if let Some(metrics) = config.metrics_listen
        && (metrics.ip().is_unspecified() || !crate::domain::network::is_internal(metrics.ip()))
    {
        warnings.push(format!(
            "METRICS_LISTEN {metrics} serves metrics to anyone who can reach it, without a password: listen on an \
             address that only Prometheus can reach"
        ));
    }
    warnings.extend(of_proxies(proxies));
    warnings.extend(limits(config));
    if config.max_connections_per_ip >= config.max_connections.unwrap_or(MOST_CONNECTIONS) {
        warnings.push(format!(
            "MAX_CONNECTIONS_PER_IP={} is not below the maximum of open connections: one address can use all of them",
            config.max_connections_per_ip
        ));
    }
    if !config.stale_if_db_down.is_zero() {
        warnings.push(format!(
            "STALE_IF_DB_DOWN={}: while the database is unavailable, a revoked key may be accepted for that many \
             seconds",
            config.stale_if_db_down.as_secs()
        ));
    }
    if config.password_min < password::DEFAULT_MINIMUM {
        warnings.push(format!(
            "PASSWORD_MIN={}: passwords may be shorter than the {} characters that docs/security.md requires",
            config.password_min,
            password::DEFAULT_MINIMUM
        ));
    }
    if config.session_max > LONG_SESSION {
        warnings.push(format!(
            "SESSION_MAX_DAYS={}: a stolen session can be used for that long",
            config.session_max.as_secs() / 86_400
        ));
    }
    if config.session_idle >= config.session_max {
        warnings.push(format!(
            "SESSION_IDLE_HOURS={} is not below SESSION_MAX_DAYS: sessions do not end for lack of use",
            config.session_idle.as_secs() / 3_600
        ));
    }
    if config.drain.is_zero() {
        warnings.push(
            "DRAIN_SECONDS=0: requests that load balancers send before they notice the stop are refused"
                .to_owned(),
        );
    }
    warnings
}

/// Warnings about limits that are off or far above their default.
fn limits(config: &Config) -> Vec<String> {
    let none = u32::MAX;
    [
        (
            "RATE_LIMIT",
            config.rate_limit.0.unwrap_or(none) > FAR * 6_000,
            "one account may make any number of requests and use the whole server",
        ),
        (
            "AUTH_LIMIT",
            config.auth_limit > FAR * 100,
            "an address may try any number of unknown keys",
        ),
        (
            "SIGN_UP_LIMIT",
            config.sign_up_limit.0.unwrap_or(none) > FAR * 20,
            "an address may sign up any number of people",
        ),
        (
            "MAX_BODY_BYTES",
            config.max_body_bytes > FAR_IN_MEMORY * 64 * 1024 * 1024,
            "request bodies may fill the memory",
        ),
        (
            "MAX_KEYS",
            config.caps.keys > FAR * 1_000,
            "an account may make any number of keys",
        ),
        (
            "MAX_MEMBERS",
            config.caps.members > FAR * 200,
            "a team may have any number of people",
        ),
        (
            "MAX_ACCOUNTS",
            config.caps.accounts > FAR * 50,
            "a person may make any number of teams",
        ),
    ]
    .into_iter()
    .filter(|(_, is_off, _)| *is_off)
    .map(|(variable, _, what)| format!("{variable} is off or far above its default: {what}"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The warnings of a start with these arguments.
    fn warnings(arguments: &[&str]) -> Vec<String> {
        let all = ["babysea"].iter().chain(arguments);
        let config = Config::from_arguments(all).unwrap_or_else(|error| panic!("{error}"));
        let origin = config.origin(config.listen).expect("an origin");
        let proxies = config.trusted_proxies.load().expect("proxies");
        super::warnings(&config, config.listen, &origin, &proxies)
    }

    const HTTPS: [&str; 2] = ["--public-url", "https://keys.example.com"];

    #[test]
    fn each_setting_that_gives_up_a_promise_is_named() {
        assert_eq!(warnings(&HTTPS), Vec::<String>::new());
        for (arguments, beginning) in [
            (&["--trusted-proxies", "0.0.0.0/0"][..], "TRUSTED_PROXIES covers"),
            (
                &["--trusted-proxies", "0.0.0.0/1,128.0.0.0/1"],
                "TRUSTED_PROXIES covers",
            ),
            (&["--rate-limit", "none"], "RATE_LIMIT is off"),
            (&["--rate-limit", "600001"], "RATE_LIMIT is off"),
            (&["--auth-limit", "4294967295"], "AUTH_LIMIT is off"),
            (&["--sign-up-limit", "none"], "SIGN_UP_LIMIT is off"),
            (&["--stale-if-db-down", "1"], "STALE_IF_DB_DOWN=1"),
            (&["--password-min", "9"], "PASSWORD_MIN=9"),
            (&["--session-max-days", "31"], "SESSION_MAX_DAYS=31"),
            (&["--session-idle-hours", "168"], "SESSION_IDLE_HOURS=168"),
            (&["--drain-seconds", "0"], "DRAIN_SECONDS=0"),
            (
                &["--max-connections-per-ip", "10000"],
                "MAX_CONNECTIONS_PER_IP=10000",
            ),
            (&["--max-connections", "256"], "MAX_CONNECTIONS_PER_IP=256"),
            (&["--max-body-bytes", "4294967295"], "MAX_BODY_BYTES is off"),
            (&["--max-keys", "4294967295"], "MAX_KEYS is off"),
            (&["--max-members", "4294967295"], "MAX_MEMBERS is off"),
            (&["--max-accounts", "4294967295"], "MAX_ACCOUNTS is off"),
            (
                &["--metrics-listen", "0.0.0.0:9100"],
                "METRICS_LISTEN 0.0.0.0:9100",
            ),
            (
                &["--metrics-listen", "203.0.113.7:9100"],
                "METRICS_LISTEN 203.0.113.7:9100",
            ),
        ] {
            let warnings = warnings(&[&HTTPS[..], arguments].concat());
            assert_eq!(warnings.len(), 1, "{arguments:?}: {warnings:?}");
            assert!(warnings[0].starts_with(beginning), "{warnings:?}");
        }
        for fine in [
            &[
                "--trusted-proxies",
                "10.0.0.0/8,192.168.0.0/16,fd00::/8,11.0.0.0/8",
            ][..],
            &["--rate-limit", "600000"],
            &["--auth-limit", "10000"],
            &["--metrics-listen", "127.0.0.1:9100"],
            &["--metrics-listen", "10.0.0.7:9100"],
            &["--password-min", "12"],
            &["--listen", "0.0.0.0:3000"],
        ] {
            assert_eq!(
                warnings(&[&HTTPS[..], fine].concat()),
                Vec::<String>::new(),
                "{fine:?}"
            );
        }
    }

    #[test]
    fn http_is_readable_wherever_others_listen() {
        let local = warnings(&[]);
        assert!(local[0].starts_with("serving without TLS"), "{local:?}");
        for listen in ["0.0.0.0:3000", "[::]:3000", "192.0.2.1:3000", "10.0.0.1:3000"] {
            let open = warnings(&["--listen", listen, "--public-url", "http://127.0.0.1"]);
            assert!(open[0].contains("cross the network unencrypted"), "{open:?}");
        }
        for listen in [
            "127.0.0.1:3000",
            "[::1]:3000",
            "127.9.9.9:3000",
            "[::ffff:127.0.0.1]:3000",
        ] {
            let local = warnings(&["--listen", listen, "--public-url", "http://127.0.0.1"]);
            assert!(local[0].starts_with("serving without TLS"), "{local:?}");
        }
    }
}
