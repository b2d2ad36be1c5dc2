//! A file with trusted proxies, reloaded on SIGHUP (S51).

use crate::{
    browser::{form, get},
    database::Database,
    program::Program,
    world::PASSWORD,
};

#[tokio::test]
async fn the_file_is_reloaded_and_an_invalid_one_changes_nothing() {
    let database = Database::sqlite();
    let file = database.folder().join("edges");
    let write = |text: &str| std::fs::write(&file, text).expect("a file");
    let blocks: Vec<_> = (0..2_000)
        .map(|n| format!("10.{}.{}.0/24", n / 256, n % 256))
        .collect();
    write(&blocks.join("\n"));
    let setting = format!("@{}", file.display());
    let program = Program::start_with(&database, &["--trusted-proxies", &setting]);
    let fields = [
        ("name", "Ada Moss"),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
    ];
    let answer = program.send(form("/sign-up", &fields)).await;
    let secret = program.key_of(&answer, &[("allowlist", "203.0.113.7")]).await;
    // The peer is 127.0.0.1: its `X-Forwarded-For` is only used while it is listed.
    let forwarded = async || {
        let call = get("/v1/status")
            .bearer(&secret)
            .header("x-forwarded-for", "203.0.113.7");
        program.send(call).await.status
    };
    assert_eq!(forwarded().await, 403);
    write("127.0.0.0/8 # the proxy on this machine\n");
    assert_eq!(forwarded().await, 403, "not before it is told");
    program.hang_up("the list of trusted proxies was reloaded");
    assert_eq!(forwarded().await, 200);
    for wrong in ["127.0.0.1:80\n", "\n", "edge.example.com"] {
        write(wrong);
        program.hang_up("the list of trusted proxies was not reloaded: TRUSTED_PROXIES");
        assert_eq!(forwarded().await, 200, "{wrong:?}");
    }
    std::fs::remove_file(&file).expect("it was there");
    program.hang_up("the list of trusted proxies was not reloaded: TRUSTED_PROXIES");
    assert_eq!(forwarded().await, 200);
    write("0.0.0.0/0\n");
    program.hang_up("TRUSTED_PROXIES covers more public addresses than");
    write("10.0.0.0/8\n");
    program.hang_up("the list of trusted proxies was reloaded");
    assert_eq!(forwarded().await, 403);
    program.stop();
}
