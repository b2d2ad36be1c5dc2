//! Reads Rust source with `syn`: the paths, macros and functions named in a file's code, attributes and macro input. Tests
//! inside the file are skipped.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};

/// Names that a file uses.
#[derive(Default)]
pub struct Source {
    /// Paths as written: each leaf of a `use` tree, and elsewhere those of two or more names.
    pub paths: BTreeSet<Vec<String>>,
    /// Macros that are invoked, by the last segment of their path.
    pub macros: BTreeSet<String>,
    /// Functions and methods that are called or passed on, by their last segment.
    pub functions: BTreeSet<String>,
    /// Number of `feature = ...` conditions.
    pub features: usize,
}

impl Source {
    /// Reads a whole file.
    pub fn read(source: &str) -> Self {
        let file = syn::parse_file(source).unwrap_or_else(|error| panic!("{error}: {source}"));
        let mut read = Self::default();
        read.visit_file(&file);
        read
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let joined = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&path.tree, &joined(&path.ident)),
            syn::UseTree::Name(name) => drop(self.paths.insert(joined(&name.ident))),
            syn::UseTree::Rename(name) => drop(self.paths.insert(joined(&name.ident))),
            syn::UseTree::Glob(_) => drop(self.paths.insert(before.to_vec())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(tree, before)),
        }
    }

    /// Reads the `use` item at the beginning of these tokens, if there is one; returns its length.
    fn use_item(&mut self, trees: &[TokenTree]) -> usize {
        let length = trees.iter().take_while(|tree| !is_end(tree)).count();
        let end = TokenTree::Punct(Punct::new(';', Spacing::Alone));
        let item = trees[..length].iter().cloned().chain([end]);
        let Ok(item) = syn::parse2::<syn::ItemUse>(item.collect()) else {
            return 0;
        };
        self.use_tree(&item.tree, &[]);
        length
    }

    /// Reads tokens that need not be Rust: names joined by `::`, names before a `!` or a parenthesis, and `use` items.
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<_> = tokens.into_iter().collect();
        let is_sign = |at: usize, sign: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
        let mut path: Vec<String> = Vec::new();
        let mut read = 0;
        for (at, tree) in trees.iter().enumerate() {
            if at < read {
                continue;
            }
            match tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) => {
                    let follows = at > 2 && is_sign(at - 1, ':') && is_sign(at - 2, ':');
                    if !(follows && matches!(trees[at - 3], TokenTree::Ident(_))) {
                        path.clear();
                    }
                    path.push(ident.to_string());
                    let is_last = !(is_sign(at + 1, ':') && is_sign(at + 2, ':'));
                    if is_last && path.len() > 1 {
                        self.paths.insert(path.clone());
                    }
                    if ident == "use" {
                        read = at + self.use_item(&trees[at..]);
                    } else if ident == "feature" && is_sign(at + 1, '=') {
                        self.features += 1;
                    } else if is_sign(at + 1, '!') && !is_sign(at + 2, '=') {
                        self.macros.insert(ident.to_string());
                    } else if is_last && trees.get(at + 1).is_some_and(is_parenthesis) {
                        self.functions.insert(ident.to_string());
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

fn is_parenthesis(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_end(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';')
}

/// Whether an item is only compiled for tests.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, &[]);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.paths.insert(vec![item.ident.to_string()]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if names.len() > 1 {
            self.paths.insert(names);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, expression: &'ast syn::ExprPath) {
        if let Some(last) = expression.path.segments.last() {
            self.functions.insert(last.ident.to_string());
        }
        visit::visit_expr_path(self, expression);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.functions.insert(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        if let Some(last) = invoked.path.segments.last() {
            self.macros.insert(last.ident.to_string());
        }
        self.visit_path(&invoked.path);
        self.tokens(invoked.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        visit::visit_attribute(self, attribute);
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}

/// A path as seen from the root of the crate, and whether it is one of this crate: `crate::` is empty, `super::` one
/// module up.
pub fn resolve(module: &str, path: &[String]) -> (bool, String) {
    let mut base: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    let mut rest = path.iter().map(String::as_str).peekable();
    let mut own = true;
    match rest.peek() {
        Some(&("crate" | "babysea")) => base.clear(),
        Some(&("self" | "super")) => {}
        _ => {
            own = false;
            base.clear();
        }
    }
    while let Some(&word) = rest.peek() {
        match word {
            "crate" | "babysea" | "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        rest.next();
    }
    base.extend(rest.filter(|&word| word != "self"));
    (own, base.join("::"))
}

#[test]
fn names_are_found_in_code_attributes_and_macro_input() {
    let source = Source::read(
        r#"
        use std::{fmt::{self, Debug as D}, io::*};
        #[derive(a::Derived)]
        struct S { field: b::Type<c::Argument> }
        macro_rules! made { () => { use d::{e, f::g}; $crate::h::i(); not::<T>::read } }
        fn f() -> impl j::Bound {
            <S as k::Trait>::call();
            view! { <p class=l::CLASS on:click=move |_| m::spawned(n::o)/> };
            thread.spawn(move || local());
            print!("p::q {}", r::s);
            items.map(t::passed);
        }
        #[cfg(test)]
        mod tests { use never::seen; }
        #[cfg(test)]
        fn helper() { never::seen() }
        "#,
    );
    let paths: Vec<_> = source.paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(
        paths,
        [
            "a::Derived",
            "b::Type",
            "c::Argument",
            "crate::h::i",
            "d::e",
            "d::f::g",
            "j::Bound",
            "k::Trait::call",
            "l::CLASS",
            "m::spawned",
            "n::o",
            "r::s",
            "std::fmt::Debug",
            "std::fmt::self",
            "std::io",
            "t::passed",
        ]
    );
    for name in ["spawned", "spawn", "local", "passed"] {
        assert!(source.functions.contains(name), "{name}");
    }
    assert!(source.macros.contains("print") && source.macros.contains("view"));
    assert!(
        !source.functions.contains("helper"),
        "it is defined, and not called"
    );
}
