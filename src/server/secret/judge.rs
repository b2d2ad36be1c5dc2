//! Strength of a new password (docs/security.md, S2). The text comes from strangers, so the work is bounded
//! for every input.

use crate::domain::own_words::OwnWords;

/// Lowest zxcvbn score (0 to 4) that is accepted.
const LEAST_SCORE: zxcvbn::Score = zxcvbn::Score::Three;
/// Maximum number of characters that are scored; more can only make a password stronger.
const JUDGED: usize = 40;
/// Bound on the work of zxcvbn's dictionary search: combinations of replacements, times the square of the length (see
/// [`judged`]). At this bound the slowest text that was found takes 20 ms of CPU time; a hash takes 24 ms (optimised
/// build, two cores).
const MOST_WORK: usize = 60_000;

/// Characters that zxcvbn reads as letters. It repeats the dictionary search for each combination of
/// replacements: up to 800 combinations, with which a text of 40 characters takes 120 ms instead of 1 ms.
const REPLACEMENTS: [&str; 12] = [
    "4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2",
];

const OWN_WORDS: &str = "Too easy to guess. It is mostly your name, your email address or the name of this site, \
                         which others try first. Use a few uncommon words.";

/// Advice for a password that is easy to guess; `None` for a strong one.
pub(super) fn weakness(password: &str, own: &OwnWords) -> Option<String> {
    if own.make_up(password) {
        return Some(OWN_WORDS.to_owned());
    }
    let context: Vec<&str> = own.context().collect();
    let entropy = zxcvbn::zxcvbn(judged(password), &context);
    (entropy.score() < LEAST_SCORE).then(|| {
        let help = entropy.feedback().map(|feedback| {
            let warning = feedback.warning().map(|warning| warning.to_string());
            let advice = feedback.suggestions().iter().map(ToString::to_string);
            warning.into_iter().chain(advice).collect::<Vec<_>>().join(" ")
        });
        let help = help.filter(|help| !help.is_empty());
        format!(
            "Too easy to guess. {}",
            help.as_deref().unwrap_or("Use a few uncommon words.")
        )
    })
}

/// The start of the password that is scored: 40 characters, or fewer if they have so many replacements that
/// scoring would take longer than a hash. At least 13 characters remain, and 13 random ones score 4.
fn judged(password: &str) -> &str {
    let mut seen = [0_usize; REPLACEMENTS.len()];
    let mut before = Vec::with_capacity(JUDGED);
    for (count, (place, c)) in password.char_indices().enumerate() {
        if !before.contains(&c) {
            for (seen, replacements) in seen.iter_mut().zip(REPLACEMENTS) {
                *seen += usize::from(replacements.contains(c));
            }
            before.push(c);
        }
        let ways: usize = seen.iter().map(|&seen| seen.max(1)).product();
        let length = count + 1;
        if length > JUDGED || ways.saturating_mul(length * length) > MOST_WORK {
            return &password[..place];
        }
    }
    password
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_characters_are_judged() {
        for (text, expected) in [
            ("", 0),
            ("tidal moss", 10),
            (&"ü".repeat(40), 40),
            (&"ü".repeat(128), 40),
        ] {
            assert_eq!(judged(text).chars().count(), expected, "{text}");
        }
    }

    #[test]
    fn fewer_where_many_stand_for_letters() {
        let text = "4@8({[<369!1|0$5+7%2".repeat(6);
        let counted = judged(&text).chars().count();
        assert!((13..20).contains(&counted), "{counted}");
        let own = OwnWords::new("Ada Moss", "ada@example.com", "BabySea");
        assert_eq!(weakness(&text, &own), None);
        for random in ["x7$Kp2!mQ9@vL4#tR8&wZ6^yB3*nH5(jD1", "1|7!{[<(4@5$6"] {
            assert!(judged(random).chars().count() >= 13, "{random}");
            assert_eq!(weakness(random, &own), None, "{random}");
        }
        assert!(weakness(&"p4$$w0rd".repeat(5), &own).is_some());
    }
}
