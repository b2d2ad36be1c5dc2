//! Path patterns of the catalogue as OpenAPI templates, where a parameter is one segment and names are
//! unique.

use utoipa::openapi::{
    Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Type},
};

/// A path of the document.
pub struct Template {
    /// In OpenAPI's format.
    pub path: String,
    /// The pattern with `{}` for each parameter. Used as a request path, it finds this route, or an earlier one that
    /// matches all paths of this one: literal segments have no braces.
    pub shape: String,
    /// Parameters: name and description.
    pub parameters: Vec<(String, String)>,
}

impl Template {
    /// The template of a pattern.
    pub fn of(pattern: &str) -> Self {
        let mut parameters: Vec<(String, String)> = Vec::new();
        let mut add = |name: String, about: String| {
            let taken = |name: &str| parameters.iter().any(|(taken, _)| taken == name);
            let mut unique = name.clone();
            let mut n = 2;
            while taken(&unique) {
                unique = format!("{name}_{n}");
                n += 1;
            }
            parameters.push((unique.clone(), about));
            format!("{{{unique}}}")
        };
        let mut path = Vec::new();
        let mut shape = Vec::new();
        for part in pattern.split('/') {
            let name = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match name {
                None => {
                    path.push(part.to_owned());
                    shape.push(part);
                }
                Some("model_identifier") => {
                    for (n, half) in [(1, "before"), (2, "after")] {
                        let about = format!(
                            "The part of `model_identifier` {half} its slash, as in `bfl/flux-schnell`."
                        );
                        path.push(add(format!("model_identifier_{n}"), about));
                        shape.push("{}");
                    }
                }
                Some(name) => {
                    path.push(add(name.to_owned(), format!("`{name}`: one segment, not empty.")));
                    shape.push("{}");
                }
            }
        }
        Self {
            path: path.join("/"),
            shape: shape.join("/"),
            parameters,
        }
    }

    /// The parameters for the document. This server accepts any text for them; the guarded API may not.
    pub fn parameters(&self) -> Option<Vec<Parameter>> {
        let text = || ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        let parameter = |(name, about): &(String, String)| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(about))
                .schema(Some(text()))
                .build()
        };
        let parameters: Vec<_> = self.parameters.iter().map(parameter).collect();
        (!parameters.is_empty()).then_some(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_one_segment_with_a_name_of_its_own() {
        for (pattern, path, shape) in [
            ("/v1/status", "/v1/status", "/v1/status"),
            ("/a/{id}", "/a/{id}", "/a/{}"),
            (
                "/v1/estimate/{model_identifier}",
                "/v1/estimate/{model_identifier_1}/{model_identifier_2}",
                "/v1/estimate/{}/{}",
            ),
            ("/{a}/{a}/{a_2}", "/{a}/{a_2}/{a_2_2}", "/{}/{}/{}"),
        ] {
            let template = Template::of(pattern);
            assert_eq!((&*template.path, &*template.shape), (path, shape));
            assert_eq!(template.parameters.len(), path.matches('{').count());
        }
    }
}
