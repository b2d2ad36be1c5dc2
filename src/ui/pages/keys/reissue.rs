//! The dialog `Reissue secret`, for a key whose secret was lost before it was used (docs/security.md, S35).

use super::table::KeyRow;
use crate::{
    api::form::FormState,
    ui::kit::{
        field::{FormMessage, SubmitButton},
        icon::{Drawing, Icon},
    },
};
use leptos::prelude::*;
use std::sync::Arc;

/// What the dialog shows.
#[derive(Clone, Debug)]
pub struct ReissueData {
    /// The key.
    pub key: KeyRow,
    /// The form as it stands.
    pub form: FormState,
}

/// The dialog, drawn open: its opener asks for the page with it.
#[component]
pub fn ReissueForm(
    /// What it shows.
    data: ReissueData,
    /// Slug of the account.
    account: String,
    /// Path of the page.
    page: String,
) -> impl IntoView {
    let ReissueData { key, form } = data;
    let token = form.value("form_token");
    let close = format!("{page}#key-{}", key.id);
    view! {
        <dialog id="reissue" class="dialog" open aria-labelledby="reissue-title">
            <form
                class="dialog-form"
                id="reissue-form"
                method="post"
                action=format!("{page}?dialog=reissue")
                novalidate
            >
                <header class="dialog-head">
                    <h2 id="reissue-title">"Reissue secret"</h2>
                    <p>"For a key whose secret got lost before anybody used it."</p>
                </header>
                <div class="dialog-body">
                    <FormMessage form=Arc::new(form)/>
                    <input type="hidden" name="account" value=account/>
                    <input type="hidden" name="key" value=key.id/>
                    <input type="hidden" name="form_token" value=token/>
                    <dl class="facts">
                        <div>
                            <dt>"Key"</dt>
                            <dd><bdi>{key.name}</bdi></dd>
                        </div>
                        <div>
                            <dt>"Prefix now"</dt>
                            <dd><code>{key.prefix}"..."</code></dd>
                        </div>
                        <div>
                            <dt>"Stays as it is"</dt>
                            <dd>{key.about}</dd>
                        </div>
                    </dl>
                    <p class="notice notice-warning">
                        <Drawing icon=Icon::Warning/>
                        <span>"The secret it has now stops working at once. The new one is shown on the next screen, once."</span>
                    </p>
                </div>
                <footer class="dialog-foot">
                    <button class="button" type="submit" form="close-reissue" autofocus>"Cancel"</button>
                    <SubmitButton label="Reissue secret"/>
                </footer>
            </form>
            <form id="close-reissue" method="get" action=close></form>
        </dialog>
    }
}
