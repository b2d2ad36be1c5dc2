//! The activity of an account as a file (S61).

use crate::{
    database::{Database, both},
    people::activity::{COUNT, fill},
    world::World,
};

both!(the_activity_is_exported_as_a_file, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    world.advance(1000);
    // More entries than one read of an export.
    fill(&world, 520).await;
    for name in ["=1+1", "+a", "-a", "@a", "a,\"b\"", "x;=1|\"@Ä"] {
        ada.made(name).await;
    }
    let csv = ada.export("format=csv").await;
    assert_eq!(csv.status, 200);
    assert!(csv.header("content-type").starts_with("text/csv; charset=utf-8"));
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename=\"activity.csv\""
    );
    assert_eq!(csv.header("cache-control"), "no-store");
    let head = "\u{FEFF}\"event_id\",\"actor\",\"category\",";
    assert!(
        csv.text().starts_with(head),
        "a byte order mark, and every cell quoted"
    );
    let mut reader = csv::Reader::from_reader(csv.body.as_slice());
    let names: Vec<_> = reader
        .headers()
        .expect("a head")
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        names,
        [
            "event_id",
            "actor",
            "category",
            "action",
            "description",
            "timestamp",
            "actor_id",
            "target_id",
            "target_name",
            "request_id",
            "ip_hash"
        ]
    );
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(
        rows.len(),
        1 + 520 + 6 + 1,
        "the export is noted before it is written"
    );
    let of = |name: &str| rows.iter().filter(|row| &row[8] == name).count();
    assert_eq!(
        ["'=1+1", "'+a", "'-a", "'@a", "a,\"b\"", "x;'=1|\"'@Ä", "key 519"].map(of),
        [1; 7]
    );
    let row = rows.iter().find(|row| &row[8] == "'-a").expect("a row");
    assert_eq!(
        [&row[1], &row[2], &row[3], &row[4]],
        [
            "Ada Moss",
            "api_key",
            "created",
            "New API key was generated for the account: -a, Full Access"
        ]
    );
    assert!(row[9].starts_with("req_") && row[10].len() == 12, "{row:?}");
    assert!(
        rows.iter()
            .flat_map(|row| row.iter())
            .all(|cell| !cell.starts_with(['=', '+', '@']))
    );

    let json = ada.export("format=json").await;
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(
        json.header("content-disposition"),
        "attachment; filename=\"activity.json\""
    );
    assert!(json.text().starts_with("[\n{"), "no byte order mark");
    let entries = json.json();
    let entries = entries.as_array().expect("an array");
    assert_eq!(entries.len(), rows.len() + 1);
    assert!(
        entries.iter().any(|entry| entry["target_name"] == "=1+1"),
        "no spreadsheet reads it"
    );
    assert!(
        entries
            .iter()
            .all(|entry| entry["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')))
    );
    let mut ids: Vec<_> = entries
        .iter()
        .map(|entry| entry["event_id"].to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), entries.len());

    // The export has the entries of the page's filter; an empty list is valid too.
    let some = ada.export("format=json&search=key%20519").await.json();
    assert_eq!(some.as_array().map(Vec::len), Some(1));
    assert_eq!(ada.export("format=json&search=nothing").await.text(), "[]\n");
    assert_eq!(
        ada.export("format=csv&search=nothing")
            .await
            .text()
            .lines()
            .count(),
        1
    );
    let before = world.database.number(COUNT).await;
    for wrong in ["", "format=xml", "format="] {
        assert_eq!(ada.export(wrong).await.status, 404, "{wrong:?}");
    }
    assert_eq!(world.database.number(COUNT).await, before);
    let noted = "SELECT detail FROM activity WHERE action = 'activity.exported' ORDER BY detail";
    let formats = world.database.texts(noted).await;
    assert_eq!(
        formats,
        ["CSV", "JSON"],
        "repeats of a minute are told of at its end"
    );
});
