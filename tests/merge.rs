//! `cap.lock` through `git merge`, as two people who both pin meet it; and what stays in it when it is written anew.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on fails, and says what it saw")]

mod support;

use std::process::Command;

use support::Sandbox;

const FOLDER: &str = "capabilities";

/// A definition of four parts, far enough from one another that git merges changes of two of them.
fn tool(name: &str, description: &str, path: &str) -> String {
    format!(
        "version: 1\nkind: capability\nname: {name}\nserver: https://api.bakery.example\n\
         description: {description}\ninput:\n  type: object\n  properties:\n    day: {{type: string, description: A day.}}\n\
         annotations:\n  read_only: true\nrequest:\n  method: GET\n  query:\n    day: \"{{{{ day }}}}\"\n  path: {path}\n"
    )
}

struct Repository(Sandbox);

impl Repository {
    /// With three pinned tools; `None` without git.
    fn new(attributes: &str) -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("SKIPPED: git is not installed");
            return None;
        }
        let it = Self(Sandbox::new());
        it.git(&["init", "--quiet", "--initial-branch", "main"]);
        for (key, value) in [("user.name", "Test"), ("user.email", "test@example.com"), ("commit.gpgsign", "false")] {
            it.git(&["config", key, value]);
        }
        if !attributes.is_empty() {
            it.0.write(".gitattributes", attributes);
        }
        for name in ["list_cakes", "list_pies", "list_tarts"] {
            it.put(name, "What is sold today.", &format!("/{name}"));
        }
        it.commit();
        Some(it)
    }

    fn put(&self, name: &str, description: &str, path: &str) {
        self.0.write(&format!("{FOLDER}/{name}.yaml"), &tool(name, description, path));
    }

    fn git(&self, args: &[&str]) -> bool {
        let mut git = Command::new("git");
        git.args(args).current_dir(self.0.path()).env("HOME", self.0.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        git.output().unwrap().status.success()
    }

    /// Pins what is there, and commits it.
    fn commit(&self) {
        self.0.ok(&["pin"]);
        assert!(self.git(&["add", "."]) && self.git(&["commit", "--quiet", "-m", "A change"]));
    }

    /// What two branches did, merged; whether git saw no conflict.
    fn merged(&self, ours: impl Fn(&Self), theirs: impl Fn(&Self)) -> bool {
        assert!(self.git(&["switch", "--quiet", "--create", "theirs"]));
        theirs(self);
        self.commit();
        assert!(self.git(&["switch", "--quiet", "main"]));
        ours(self);
        self.commit();
        self.git(&["merge", "--quiet", "--no-edit", "theirs"])
    }

    fn lock(&self) -> String {
        self.0.read(&format!("{FOLDER}/cap.lock"))
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.0.path().join(format!("{FOLDER}/{name}.yaml"))).unwrap();
    }

    /// The lock file is what a person would have who had made both changes.
    fn assert_is_whole(&self) {
        let resolved = self.lock();
        self.0.ok(&["pin", "--check"]);
        self.0.ok(&["pin"]);
        assert_eq!(self.lock(), resolved);
    }
}

fn ours(it: &Repository) {
    it.put("list_buns", "Buns.", "/buns");
    it.put("list_cakes", "Cakes that are sold today.", "/list_cakes");
    it.remove("list_pies");
}

fn theirs(it: &Repository) {
    it.put("list_breads", "Breads.", "/breads");
    it.put("list_tarts", "Tarts that are sold today.", "/list_tarts");
}

#[test]
fn conflicts_of_two_branches_that_both_pin_are_resolved() {
    for style in ["merge", "diff3", "zdiff3"] {
        let Some(it) = Repository::new("") else { return };
        it.git(&["config", "merge.conflictStyle", style]);
        assert!(!it.merged(ours, theirs), "git merged it by itself: nothing was tested");
        assert!(it.lock().contains("<<<<<<<"));
        let check = it.0.run(&["pin", "--check"]);
        assert_eq!(check.code, 3);
        assert!(check.stderr.contains("cap pin --resolve"), "{}", check.stderr);
        it.0.ok(&["pin", "--resolve"]);
        it.assert_is_whole();
    }
}

#[test]
fn with_the_rule_of_union_there_is_no_conflict() {
    let Some(it) = Repository::new("cap.lock merge=union\n") else { return };
    let adds = |name: &'static str| move |it: &Repository| it.put(name, "More.", "/more");
    assert!(it.merged(adds("list_buns"), adds("list_breads")), "git saw a conflict");
    // Of what both added, every line is there; in which order, `cap pin --resolve` sets right.
    it.0.ok(&["pin", "--check"]);
    it.0.ok(&["pin", "--resolve"]);
    it.assert_is_whole();
}

#[test]
fn what_was_merged_within_a_file_is_left_to_a_person() {
    for attributes in ["", "cap.lock merge=union\n"] {
        let Some(it) = Repository::new(attributes) else { return };
        let theirs = |it: &Repository| it.put("list_cakes", "Theirs.", "/list_cakes");
        let ours = |it: &Repository| it.put("list_cakes", "What is sold today.", "/ours");
        assert_eq!(it.merged(ours, theirs), !attributes.is_empty());
        let merged = it.0.read("capabilities/list_cakes.yaml");
        assert!(merged.contains("Theirs.") && merged.contains("/ours"), "{merged}");
        let resolved = it.0.run(&["pin", "--resolve"]);
        assert_eq!(resolved.code, 3, "{}", resolved.stderr);
        assert!(resolved.stderr.contains("CAP0301") && resolved.stderr.contains("list_cakes.yaml"));
        // Its line stays, so that it is not served as if nobody had ever pinned it.
        assert!(it.lock().contains("  list_cakes.yaml\n"));
        let listed = it.0.run(&["call", "list_cakes", "--dry-run"]);
        assert_ne!(listed.code, 0, "{}", listed.stdout);
        it.0.ok(&["pin", "capabilities/list_cakes.yaml"]);
        it.assert_is_whole();
    }
}

#[test]
fn a_line_that_neither_branch_wrote_gets_into_no_lock_file() {
    let it = Sandbox::new();
    it.write("capabilities/list_cakes.yaml", &tool("list_cakes", "Cakes.", "/cakes"));
    it.ok(&["pin"]);
    let digest = it.read("capabilities/cap.lock").lines().last().unwrap().to_owned();
    let (other, garbage) = ("0".repeat(64), "not a line");
    it.write("capabilities/cap.lock", &format!("{digest}\n{garbage}\n"));
    let run = it.run(&["pin", "--resolve"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(it.read("capabilities/cap.lock").contains(garbage), "what was not understood is kept");
    // What both sides began with is no side's word.
    let text = format!(
        "<<<<<<< ours\n{other}  list_cakes.yaml\n||||||| base\n{digest}\n=======\n{other}  list_cakes.yaml\n>>>>>>> theirs\n"
    );
    it.write("capabilities/cap.lock", &text);
    assert_eq!(it.run(&["pin", "--resolve"]).code, 3);
    assert!(it.read("capabilities/cap.lock").contains(&format!("{other}  list_cakes.yaml")));
}

/// With a comment a signer makes a lock file another one; the next pin must not make it the old one again.
#[test]
fn comments_stay_with_what_is_pinned_again() {
    let it = Sandbox::new();
    it.write("capabilities/list_cakes.yaml", &tool("list_cakes", "Cakes.", "/cakes"));
    it.ok(&["fmt"]);
    it.ok(&["pin"]);
    let pinned = it.read("capabilities/cap.lock");
    let (header, entry) = pinned.split_at(pinned.find("list_cakes").unwrap() - 66);
    // Nothing is to be pinned, so that no byte changes: a signature may be over them.
    let commented = format!("# back to what was\n{header}#\n{entry}\n# so it is: 21 November \n");
    it.write("capabilities/cap.lock", &commented);
    it.write("capabilities/cap.lock.sig", "");
    for args in [&["pin"][..], &["pin", "--resolve"], &["fmt", "--pin"]] {
        let run = it.ok(args);
        assert_eq!(it.read("capabilities/cap.lock"), commented, "{args:?}");
        assert!(!run.stderr.contains("cap sign"), "{}", run.stderr);
    }
    it.write("capabilities/list_pies.yaml", &tool("list_pies", "Pies.", "/pies"));
    it.ok(&["pin"]);
    let comments = "# back to what was\n#\n# so it is: 21 November\n";
    let again = it.read("capabilities/cap.lock");
    assert!(
        again.starts_with(&format!("{header}{comments}{entry}")) && again.ends_with("  list_pies.yaml\n"),
        "{again}"
    );
    it.ok(&["fmt", "--pin"]);
    let laid_out = it.read("capabilities/cap.lock");
    assert!(laid_out.starts_with(&format!("{header}{comments}{entry}")) && laid_out != again, "{laid_out}");
}

#[test]
fn comments_of_both_sides_stay_each_once() {
    let it = Sandbox::new();
    it.write("capabilities/list_cakes.yaml", &tool("list_cakes", "Cakes.", "/cakes"));
    it.ok(&["pin"]);
    let pinned = it.read("capabilities/cap.lock");
    let (header, entry) = pinned.split_at(pinned.find("list_cakes").unwrap() - 66);
    let sides =
        "<<<<<<< ours\n# z, ours\n# both\n||||||| base\n# neither\n=======\n# a, theirs\n# both\n>>>>>>> theirs\n";
    it.write("capabilities/cap.lock", &format!("{header}# of old\n{sides}{header}{entry}"));
    it.ok(&["pin", "--resolve"]);
    assert_eq!(it.read("capabilities/cap.lock"), format!("{header}# of old\n# z, ours\n# both\n# a, theirs\n{entry}"));
}
