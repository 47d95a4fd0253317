//! Import of large documents beside a bare parse of the same bytes, which is what reading them costs
//! at least.
//!
//! The documents are not part of the project: `CAP_SHARED` names the folder that has them. The larger
//! one is made here of the other, whose paths it has again under other prefixes.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a bench that cannot go on fails, and the macro makes functions without docs"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::source::{MemoryLoader, SourceId};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value};

/// Bytes of the larger document.
const LARGE: usize = 13_000_000;

criterion_group!(benches, bench_imports);
criterion_main!(benches);

fn bench_imports(criterion: &mut Criterion) {
    let Some(shared) = std::env::var_os("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set");
        return;
    };
    let github = std::fs::read(PathBuf::from(shared).join("corpus/specs/github-api.v30.json")).unwrap();
    let large = enlarged(&github);
    if let Some(path) = std::env::var_os("CAP_LARGE") {
        std::fs::write(path, &large).unwrap();
    }
    bench_document(criterion, "github", &github);
    bench_document(criterion, "large", &large);
}

fn bench_document(criterion: &mut Criterion, name: &str, bytes: &[u8]) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).throughput(Throughput::Bytes(bytes.len() as u64));
    let id = |what| BenchmarkId::new(what, bytes.len());
    group.bench_function(id("parse"), |bencher| bencher.iter(|| serde_json::from_slice::<Value>(bytes).unwrap()));
    let source = DocumentSource { id: SourceId::new("document.json"), bytes: bytes.to_vec() };
    group.bench_function(id("import"), |bencher| bencher.iter(|| imported(&source)));
    let result = imported(&source);
    let folder = tempfile::tempdir().unwrap();
    group.bench_function(id("write"), |bencher| bencher.iter(|| write(&result, folder.path())));
    group.finish();
}

fn imported(source: &DocumentSource) -> Import {
    import(black_box(source), &ImportOptions::default(), &MemoryLoader::default())
}

/// Writes as plainly as can be: what the disk costs, whoever writes.
fn write(import: &Import, folder: &Path) {
    std::fs::create_dir_all(folder.join(&import.api_name)).unwrap();
    for (path, text) in &import.files {
        std::fs::write(folder.join(path), text).unwrap();
    }
}

/// The document with its paths again and again, until it is large. It is written in lines, as the
/// first one is.
fn enlarged(bytes: &[u8]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(bytes).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let mut large = bytes.to_vec();
    for copy in 1.. {
        if large.len() >= LARGE {
            break;
        }
        document["paths"].as_object_mut().unwrap().extend(renamed(&paths, copy));
        large = serde_json::to_vec_pretty(&document).unwrap();
    }
    large
}

/// The same paths under another prefix, their operations under other names.
fn renamed(paths: &Map<String, Value>, copy: usize) -> Map<String, Value> {
    let mut renamed = Map::new();
    for (path, item) in paths {
        let mut item = item.clone();
        for operation in item.as_object_mut().unwrap().values_mut() {
            if let Some(Value::String(id)) = operation.get_mut("operationId") {
                id.push_str(&format!("-copy-{copy}"));
            }
        }
        renamed.insert(format!("/copy{copy}{path}"), item);
    }
    renamed
}
