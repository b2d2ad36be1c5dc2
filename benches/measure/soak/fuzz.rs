//! Requests generated from the OpenAPI document by schemathesis: every response is described in the document.

use super::{Failure, Target, report};
use std::process::Command;

pub async fn run(target: &Target) -> Result<(), Failure> {
    let Ok(schemathesis) = std::env::var("SCHEMATHESIS") else {
        println!("The fuzz was left out: make soak installs schemathesis and sets SCHEMATHESIS");
        return Ok(());
    };
    let (program, sample) = target.start(&[]).await?;
    let mut command = Command::new(schemathesis);
    command
        .arg("run")
        .arg(format!("http://{}/v1/openapi.json", program.address))
        .args(["--header", &format!("Authorization: Bearer {}", sample.secret)])
        // Two of its checks are off. One reports 501 as a server error, but the document has it. The other expects 405 for
        // other methods, where the contract has 404.
        .args(["--exclude-checks", "not_a_server_error,unsupported_method"])
        .args(["--max-examples", "100", "--seed", "1", "--no-color"])
        .current_dir(target.folder.path());
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let holds = output.status.success();
    if !holds {
        println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    }
    let cases = text.lines().rev().find(|line| line.contains("generated"));
    let cases = cases.unwrap_or("requests made from the document").trim();
    report(
        target,
        cases,
        if holds { "all" } else { "not all" },
        holds,
        "answered as documented",
    );
    Ok(())
}
