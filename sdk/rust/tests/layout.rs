//! What `abi.rs` says of the contract is what the contract's golden tables say: offsets, sizes and numbers.

use std::collections::HashMap;

/// The tables' lines `WORD(a, b, ...);`, as lists of their arguments.
fn lines_of(word: &str) -> Vec<Vec<String>> {
    let folder = std::env::var("POSTERN_ABI_TESTS").expect("POSTERN_ABI_TESTS names the folder of the golden tables");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("abi_golden_") || !name.ends_with("_test.cpp") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some(rest) = line.strip_prefix(word).and_then(|rest| rest.strip_prefix('(')) {
                let inside = rest.rsplit_once(')').unwrap().0;
                found.push(inside.split(',').map(|part| part.trim().to_owned()).collect());
            }
        }
    }
    assert!(!found.is_empty(), "no {word} in the golden tables");
    found
}

#[test]
fn every_record_is_laid_out_as_the_header_says() {
    let mut offsets: HashMap<(String, String), usize> = HashMap::new();
    for line in lines_of("FIELD") {
        offsets.insert((line[0].clone(), line[1].clone()), line[2].parse().unwrap());
    }
    // A record may have grown since its first release, which is what the tables have; a table of functions never does.
    let mut sizes: HashMap<String, (usize, bool)> = HashMap::new();
    for (word, is_frozen) in [("RECORD", false), ("FROZEN", true)] {
        for line in lines_of(word) {
            sizes.insert(line[0].clone(), (line[1].parse().unwrap(), is_frozen));
        }
    }
    for (name, size, fields) in postern::abi::all_layouts() {
        let (first, is_frozen) = sizes[name];
        assert!(size == first || (size > first && !is_frozen), "{name} has {size} octets, first {first}");
        let known = offsets.keys().filter(|key| key.0 == name).count();
        assert_eq!(known, fields.len(), "{name}: as many fields");
        for (field, offset) in fields {
            assert_eq!(offsets.get(&(name.to_owned(), field.to_owned())), Some(&offset), "{name}.{field}");
        }
    }
}

fn number_of(text: &str) -> Option<u32> {
    let text = text.trim_end_matches('u');
    text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok())
}

#[test]
fn every_number_is_that_of_the_header() {
    let values: HashMap<String, u32> = lines_of("VALUE")
        .into_iter()
        .filter_map(|line| Some((line[0].clone(), number_of(&line[1])?)))
        .collect();
    for (name, value) in postern::abi::all_values() {
        assert_eq!(values.get(&format!("POSTERN_{name}")), Some(&value), "{name}");
    }
}
