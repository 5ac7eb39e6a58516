//! What a user can get wrong: one error each, with its place and its remedy, and nothing written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::folder::Folder;
use serde_json::{Value, json};

/// A command line, and the words that must be in the one line of the answer.
type Case = (&'static str, &'static [&'static str]);

/// Text files, by the line and the column.
const TEXT: &[Case] = &[
    ("train missing.csv", &["cannot read missing.csv"]),
    ("train empty.csv", &["empty.csv", "empty"]),
    ("train -", &["standard input", "empty"]),
    ("train header.csv", &["header.csv", "no rows after the header"]),
    ("train ragged.csv", &["ragged.csv, line 3", "2 fields", "3"]),
    ("train long.csv", &["long.csv, line 3", "4 fields", "3"]),
    ("train x.csv --no-header --delimiter ;", &["x.csv", "one column"]),
    ("train short-row.csv --no-header", &["short-row.csv, line 2", "the first row has 3"]),
    ("train word.csv --preprocess none", &["word.csv, line 3", "column `b`", "`hello`"]),
    ("train word.csv --numeric b", &["word.csv, line 3", "column `b`", "`hello`"]),
    ("train stray-feature.csv", &["stray-feature.csv, line 9", "`oops`", "--na 'oops'"]),
    ("train hole.csv --preprocess none", &["hole.csv, line 2", "column `a`", "empty"]),
    ("train nan.csv --preprocess none", &["nan.csv, line 2", "column `b`", "`NaN`"]),
    ("train inf.csv", &["inf.csv, line 2", "column `b`", "`-inf`"]),
    ("train huge.csv", &["huge.csv, line 2", "column `b`", "`1e39`"]),
    ("train far.csv", &["far.csv", "row 2", "column `a`", "too large"]),
    ("train nan-target.csv", &["nan-target.csv", "column `y`", "2 of 3 rows", "--target", "--na"]),
    ("train no-target.csv", &["no-target.csv", "column `y`", "3 of 4 rows have no target"]),
    ("train numbers.csv", &["numbers.csv, line 1", "name the columns", "--no-header"]),
    ("train twice.csv", &["twice.csv, line 1", "two columns are named `a`"]),
    ("train single.csv", &["single.csv", "one column", "--labels"]),
    ("train one-class.csv", &["one-class.csv", "one class only", "`1`"]),
    ("train latin.csv", &["latin.csv", "UTF-8"]),
    ("train latin-field.csv", &["latin-field.csv, line 3", "column `b`", "UTF-8"]),
    ("train utf16.csv", &["utf16.csv", "UTF-16"]),
    ("train .", &["cannot read ."]),
    ("train good.csv --target weihgt", &["good.csv", "no column `weihgt`", "mean `weight`"]),
    ("train good.csv --task binary", &["binary needs two"]),
    ("train words.csv --task regression", &["words.csv, line 2", "`cat`", "regression"]),
    ("train semicolons.csv --delimiter ,", &["semicolons.csv", "one column", "semicolons"]),
    ("train stray.csv", &["stray.csv, line 3", "column `y`", "`huh`", "--task multiclass"]),
    ("train crlf.csv --preprocess none", &["crlf.csv, line 4", "`oops`"]),
    ("train blank.csv --preprocess none", &["blank.csv, line 6", "`oops`"]),
    ("train either.csv", &["either.csv", "commas or by semicolons", "--delimiter"]),
    ("train row.csv", &["row.csv, line 1", "looks like a row", "--no-header", "--header"]),
    ("train money.csv", &["money.csv, line 2", "column `y`", "`$1,000`", "--task multiclass"]),
    ("train names.csv", &["names.csv", "20 classes in 20 rows", "--target"]),
    ("train units.csv", &["units.csv, line 2", "column `a`", "unit, `kg`", "--categorical a"]),
    ("train many-classes.csv --task multiclass", &["over 4096 different values", "regression"]),
    ("train many-words.csv", &["many-words.csv", "is not a number", "over 4096", "--target"]),
    ("train dates.csv", &["dates.csv, line 2", "column `when`", "01/02/2024", "--date-order dmy"]),
    ("train dates.csv --target when", &["dates.csv, line 2", "column `when`", "--task multiclass"]),
    ("train dates.csv --date-order md", &["--date-order", "dmy, mdy or ymd"]),
    ("train commas.csv", &["commas.csv", "column `a`", "`1,5`", "decimal point", "--decimal ,"]),
    ("train commas.csv --target a", &["commas.csv, line 2", "column `a`", "`1,5`", "--decimal ,"]),
    ("train points.csv --decimal ,", &["points.csv, line 2", "`1.5`", "leave out --decimal ,"]),
    ("train measured.csv --decimal ,", &["measured.csv, line 1", "name the columns"]),
    ("train thousands.csv", &["thousands.csv", "`1,234`", "separates thousands"]),
    ("train good.csv --decimal ;", &["--decimal", ". or ,"]),
    ("train same.csv", &["same.csv", "no column is left", "a, b"]),
];

/// What is said about columns.
const SCHEMA: &[Case] = &[
    ("train good.csv --drop hieght", &["no column `hieght`", "mean `height`"]),
    ("train good.csv --numeric z", &["no column `z`", "height, weight"]),
    ("train good.csv --categorical z", &["no column `z`"]),
    ("train good.csv --sample-weight z", &["no column `z`"]),
    ("train good.csv --sample-weight weight --target weight", &["both the target and the weight"]),
    ("train words.csv --sample-weight kind --target a", &["words.csv, line 2", "`cat`"]),
    ("train words.csv --drop a --numeric a", &["column `a`", "--drop", "--numeric"]),
    ("train words.csv --categorical kind --target kind", &["`kind` is the target", "--task"]),
    ("train words.csv --categorical a --preprocess none", &["networks take numbers"]),
    ("train good.csv --drop height", &["no column is left", "height"]),
    ("train good.csv --preprocess standardize", &["`standardize`", "auto"]),
    ("train good.csv --delimiter ab", &["--delimiter", "one ASCII character"]),
    ("train good.csv --validation 0", &["validation fraction is 0", "between 0 and 1"]),
    ("train good.csv --validation 1.5", &["validation fraction is 1.5"]),
    ("train good.csv --validation nan", &["validation fraction is NaN"]),
    ("train good.csv --validation 0.1", &["0.1 of 4 rows", "leaves none"]),
    ("train good.csv --validation missing.csv", &["cannot read missing.csv"]),
    ("train good.csv --validation words.csv", &["words.csv", "no column `height`"]),
    (
        "train kinds.csv --validation other-kinds.csv",
        &["other-kinds.csv, line 3", "`emu`", "cat, dog"],
    ),
    ("train good.csv --validation-labels x.csv", &["--validation"]),
    ("train good.csv --validation 0.5 --validation-labels x.csv", &["belong to a validation file"]),
    ("train good.csv --class-weight balanced", &["no classes", "--class-weight"]),
    ("train kinds.csv --class-weight emu=2", &["unknown class `emu`", "cat"]),
    ("train kinds.csv --class-weight heavy", &["`heavy`", "balanced"]),
    ("train kinds.csv --class-weight cat=-1", &["`cat=-1`", "at least 0"]),
    ("train kinds.csv --class-weight cat=0,dog=0", &["all weights are 0"]),
    ("train negative.csv --sample-weight w --target y", &["row 2, column `w`", "negative"]),
    ("train x.csv --labels missing.csv", &["cannot read missing.csv"]),
    ("train x.csv --labels good.csv", &["good.csv, line 1", "2 columns of labels", "--target"]),
    ("train x.csv --labels single.csv", &["single.csv", "2 labels, but x.csv has 1 row"]),
    ("train xor --drop x1", &["--drop", "xor is none"]),
    ("train xor --validation 0.5", &["--validation", "xor is none"]),
    ("train xor --target z", &["xor", "`z`"]),
];

/// Files of other kinds.
const FORMATS: &[Case] = &[
    ("train cut.csv.gz", &["cut.csv.gz", "damaged"]),
    ("train garbage.gz", &["garbage.gz", "damaged"]),
    ("train binary.csv", &["binary.csv", "neither text nor"]),
    ("train archive.zip", &["archive.zip", "zip archive without .npy", "Parquet|CSV"]),
    ("train cut.npz", &["cut.npz", "damaged"]),
    ("train uneven.npz", &["uneven.npz", "a 3, b 4"]),
    ("train cut.npy", &["cut.npy", "ends before"]),
    ("train objects.npy", &["objects.npy", "'|O'", "numpy.asarray"]),
    ("train scalar.npy", &["scalar.npy", "one value only"]),
    ("train boastful.npy", &["boastful.npy", "999999999 columns"]),
    ("train endless.npy", &["endless.npy", "ends before"]),
    ("train head.npy", &["head.npy", "header is invalid"]),
    ("train cut-idx", &["cut-idx", "ends before"]),
    ("train boastful-idx", &["boastful-idx", "4294967295 columns"]),
    ("train overflowing-idx", &["overflowing-idx", "do not make a table"]),
    ("train cut.parquet", &["cut.parquet", "damaged"]),
    ("train headed.parquet", &["headed.parquet", "damaged"]),
    ("train holed.parquet", &["holed.parquet", "damaged"]),
    ("train dates.parquet --target when", &["column `when`", "dates"]),
    ("train lines.jsonl", &["lines.jsonl", "JSON lines", "read_json"]),
    ("train page.csv", &["page.csv", "HTML page", "wrong link"]),
    ("train sparse.txt", &["sparse.txt", "libsvm", "load_svmlight_file"]),
    ("train workbook.xlsx", &["workbook.xlsx", "Excel workbook", "CSV"]),
    ("train blanks.txt", &["blanks.txt", "separated by blanks", "--delimiter ' '"]),
    ("train wide.txt", &["wide.txt", "separated by blanks", "one comma"]),
    ("train good.csv --labels open.csv", &["open.csv, line 3", "never closed"]),
    ("train commented.csv", &["commented.csv, line 2", "--comment '#'"]),
    ("train arrays.npz --key tset", &["arrays.npz", "`tset`", "x_train", "--key"]),
    ("train arrays.npz", &["arrays.npz", "different numbers of rows", "--key"]),
    ("train good.csv --key test", &["good.csv", "only .npz", "--key"]),
    ("train good.csv --na hieght=3", &["no column `hieght`", "mean `height`"]),
    ("train lists.parquet", &["column `list", "lists", "--drop list"]),
    ("train labels-only-idx", &["labels-only-idx", "one column", "--labels"]),
];

/// Settings of the network, the optimizer, the run.
const SETTINGS: &[Case] = &[
    ("train good.csv --loss bce", &["bce", "regression", "mse"]),
    ("train xor --loss cross-entropy", &["cross-entropy", "bce"]),
    ("train xor --hidden 0", &["0 units"]),
    ("train xor --hidden 4,0,4", &["0 units"]),
    ("train xor --hidden 5,x", &["`x`"]),
    ("train xor --hidden 99999999999", &["99999999999", "at most 16777216"]),
    (
        "train xor --hidden 1000000,1000000 --device cpu",
        &["layers.1.parameters", "3.64 TiB", "times less", "fits"],
    ),
    ("train xor --batch-size 0", &["batch size", "`0`"]),
    ("train xor --batch-size -3", &["batch"]),
    ("train xor --lr 0", &["learning rate is 0", "positive"]),
    ("train xor --lr -0.5", &["learning rate is -0.5"]),
    ("train xor --lr nan", &["learning rate is NaN"]),
    ("train xor --lr inf", &["learning rate is inf"]),
    ("train xor --lr 1e39", &["learning rate is", "positive"]),
    ("train xor --lr fast", &["'fast'", "--lr"]),
    ("train xor --momentum 1", &["momentum is 1", "below 1"]),
    ("train xor --nesterov", &["needs a momentum"]),
    ("train xor --optimizer adam --momentum 0.9", &["momentum", "sgd"]),
    ("train xor --weight-decay -1", &["weight decay is -1"]),
    ("train xor --steps 0", &["0 steps"]),
    ("train xor --epochs 0", &["0 epochs"]),
    ("train xor --steps 5 --epochs 5", &["--steps", "--epochs"]),
    ("train xor --batch-size 1 --epochs 4000000000", &["16000000000 steps"]),
    ("train xor --log-every 0", &["log-every is 0"]),
    ("train xor --activation rleu", &["`rleu`", "did you mean `relu`"]),
    ("train xor --optimizer addam", &["addam", "adam"]),
    ("train xor --loss hinge", &["`hinge`", "bce"]),
    ("train xor --task clustering", &["`clustering`"]),
    ("train xor --strategy rseident", &["`rseident`"]),
    ("train xor --hiden 3", &["--hiden", "--hidden"]),
    ("train xor --memory lots", &["`lots`", "512MiB"]),
    ("train xor --memory 1000", &["the plan", "1000 B", "times less"]),
    ("train xor --patience 0", &["the patience is 0", "at least 1"]),
    ("train xor --patience 3 --min-delta -1", &["min-delta is -1", "positive"]),
    ("train xor --min-delta 1", &["--patience"]),
    ("train xor --reduce-on-plateau 1.5,3", &["factor", "1.5", "between 0 and 1"]),
    ("train xor --reduce-on-plateau slow", &["`slow`", "0.1,10"]),
    ("train xor --reduce-on-plateau 0.5,3 --min-lr -1", &["min-lr is -1"]),
    ("train xor --min-lr 1e-4", &["--reduce-on-plateau"]),
    ("train xor --keep beast", &["`beast`", "did you mean `best`"]),
    ("train xor --validate-every 0", &["validate-every is 0"]),
    ("tran xor", &["tran", "train"]),
    ("train", &["<DATA>"]),
    ("train xor --device zx81", &["no adapter named `zx81`", "devices"]),
    ("train xor --config missing.toml", &["cannot read missing.toml"]),
    ("train xor --config typo.toml", &["typo.toml", "unknown key `hiden`", "mean `hidden`"]),
    ("train xor --config value.toml", &["value.toml", "'fast'", "`lr`"]),
    ("train xor --config kind.toml", &["kind.toml", "`nesterov`", "true or false"]),
    ("train xor --config norm.toml", &["norm.toml", "`layer-norm`", "true or false"]),
    ("train xor --config syntax.toml", &["syntax.toml, line 2"]),
    ("train xor --config twofold.toml", &["twofold.toml", "`steps` and `epochs`"]),
    ("train xor --config list.toml", &["list.toml", "`lr`"]),
    ("train xor --config names.toml", &["names.toml", "`drop`", "list of words"]),
];

/// Where things are written.
const OUTPUTS: &[Case] = &[
    ("train xor --output nowhere/m.safetensors", &["cannot write nowhere/m.safetensors"]),
    ("train xor --output .", &["cannot write ."]),
    ("train xor --metrics nowhere/m.jsonl", &["cannot write nowhere/m.jsonl"]),
    ("train xor --metrics same --output same", &["--output and --metrics are both same"]),
    ("train xor --metrics ./same --output same", &["--output and --metrics are both ./same"]),
    ("train xor --metrics -", &["--metrics -", "/dev/stdout"]),
    ("train xor --output -", &["--output -", "./-"]),
    ("train good.csv --output good.csv", &["the data and --output are both good.csv"]),
    ("train x.csv --labels single.csv --output single.csv", &["--labels and --output are both"]),
    ("train good.csv --validation x.csv --output x.csv", &["--validation and --output are both"]),
    ("train xor --config typo.toml --metrics typo.toml", &["typo.toml"]),
    ("predict xor.safetensors x.csv --output nowhere/p.csv", &["cannot write nowhere/p.csv"]),
    ("predict xor.safetensors x.csv --output x.csv", &["the data and --output are both x.csv"]),
    ("predict xor.safetensors x.csv --output xor.safetensors", &["the model and --output"]),
];

/// Models, and rows for them.
const MODELS: &[Case] = &[
    ("train xor --init-from missing.safetensors", &["cannot read missing.safetensors"]),
    ("train xor --init-from xor.safetensors --hidden 3", &["layers.0.weight", "[2, 2]", "[3, 2]"]),
    (
        "train xor --init-from xor.safetensors --hidden 2,2",
        &["layers.1.weight", "[1, 2]", "[2, 2]"],
    ),
    (
        "train xor --init-from xor.safetensors --hidden none",
        &["layers.0.weight", "[2, 2]", "[1, 2]"],
    ),
    (
        "train xor --init-from xor.safetensors --layer-norm",
        &["no tensor norms.0.weight", "norms.0.bias", "leave out --layer-norm"],
    ),
    (
        "train xor --init-from normed.safetensors",
        &["there is a tensor norms.0.weight", "--layer-norm"],
    ),
    (
        "train xor --init-from normed.safetensors --layer-norm --hidden 3",
        &["layers.0.weight", "[2, 2]", "[3, 2]"],
    ),
    ("train xor --init-from good.csv", &["good.csv", "not a safetensors file"]),
    ("predict missing.safetensors x.csv", &["cannot read missing.safetensors"]),
    ("predict truncated.safetensors x.csv", &["truncated.safetensors", "damaged"]),
    ("predict short.safetensors x.csv", &["short.safetensors", "damaged"]),
    ("predict hostile.safetensors x.csv", &["hostile.safetensors", "damaged"]),
    ("predict overlapping.safetensors x.csv", &["overlapping.safetensors", "damaged"]),
    ("predict endless.safetensors x.csv", &["endless.safetensors", "damaged"]),
    ("predict deep.safetensors x.csv", &["deep.safetensors", "damaged"]),
    ("predict bare.safetensors x.csv", &["bare.safetensors", "no tensor norms.0.weight"]),
    ("predict short-norm.safetensors x.csv", &["norms.0.weight", "[1]", "[2]"]),
    ("predict shiftless.safetensors x.csv", &["no tensor norms.0.bias"]),
    ("predict whole-norm.safetensors x.csv", &["norms.0.weight", "I32", "float32"]),
    ("predict twisted.safetensors x.csv", &["norms.0.weight", "[2, 1]", "[2]"]),
    ("predict group-norm.safetensors x.csv", &["damaged", "unknown normalization `group-norm`"]),
    ("predict unsaid.safetensors x.csv", &["there is a tensor norms.0.weight"]),
    ("predict layerless.safetensors x.csv", &["layer-norm is for hidden layers"]),
    ("predict newer.safetensors x.csv", &["newer.safetensors", "newer halfplane (format 99)"]),
    (
        "predict nameless.safetensors x.csv",
        &["nameless.safetensors", "0 classes are named for the 2"],
    ),
    ("predict twice.safetensors x.csv", &["twice.safetensors", "column `x1` twice"]),
    ("predict flat.safetensors x.csv", &["flat.safetensors", "`x1`", "a scale of 0"]),
    ("predict same-words.safetensors x.csv", &["same-words.safetensors", "category `a` twice"]),
    ("predict no-words.safetensors x.csv", &["no-words.safetensors", "no category"]),
    ("predict narrow.safetensors x.csv", &["narrow.safetensors", "1 inputs for the 2"]),
    ("predict columnless.safetensors x.csv", &["columnless.safetensors", "which columns it takes"]),
    ("predict strange.safetensors x.csv", &["strange.safetensors", "damaged", "colour"]),
    ("predict wide.safetensors x.csv", &["wide.safetensors", "at most 16777216"]),
    ("predict good.csv x.csv", &["good.csv", "not a safetensors file"]),
    ("predict xor.safetensors good.csv", &["good.csv", "no column `x1`"]),
    ("predict xor.safetensors missing.csv", &["cannot read missing.csv"]),
    ("predict xor.safetensors -", &["standard input", "empty"]),
    ("predict xor.safetensors x-header.csv", &["x-header.csv", "no rows"]),
    ("predict xor.safetensors x-word.csv", &["x-word.csv, line 2", "`one`"]),
    ("predict xor.safetensors x-hole.csv", &["x-hole.csv, line 3", "column `x2`", "empty"]),
    ("predict xor.safetensors semicolons.csv", &["semicolons.csv", "no column `x1`", "a, b, y"]),
    ("predict kinds.safetensors kinds-word.csv", &["kinds-word.csv", "column `size`", "`$5`"]),
];

#[test]
fn text_files_are_told_of_by_line_and_column() {
    all(TEXT);
}

#[test]
fn slips_about_columns_are_told() {
    all(SCHEMA);
}

#[test]
fn files_of_other_kinds_are_told_of_too() {
    // Without the reader there is one error for all of them.
    let parquet = |case: &&Case| cfg!(feature = "parquet") || !case.0.contains("parquet");
    all(&FORMATS.iter().filter(parquet).copied().collect::<Vec<_>>());
}

#[test]
fn slips_about_the_training_are_told() {
    all(SETTINGS);
}

#[test]
fn outputs_are_checked_before_the_work() {
    all(OUTPUTS);
}

#[test]
fn models_that_are_none_are_told_of() {
    all(MODELS);
}

/// Runs every case in a folder of bad files: code 2, one error, and not a file changed.
fn all(cases: &[Case]) {
    let folder = Folder::new();
    spoil(&folder);
    let before = contents(&folder.path("."));
    for (words, expected) in cases {
        let output = folder.run(words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "halfplane {words}: {error}");
        // The Vulkan loader may complain of the desktop that is not there.
        let own = |line: &&str| line.starts_with("error: ") && !line.contains("XDG_RUNTIME_DIR");
        let errors = error.lines().filter(own).count();
        assert_eq!(errors, 1, "halfplane {words}: {error}");
        assert!(!error.contains("panicked"), "halfplane {words}: {error}");
        assert!(!error.contains(".halfplane-"), "halfplane {words}: {error}");
        for part in *expected {
            let said = part.split('|').any(|part| error.contains(part));
            assert!(said, "halfplane {words}: no `{part}` in: {error}");
        }
        assert_eq!(contents(&folder.path(".")), before, "halfplane {words} changed a file");
    }
}

/// Every file that the cases name.
fn spoil(folder: &Folder) {
    for (name, text) in [
        ("good.csv", "height,weight\n1.5,50\n1.7,70.5\n1.9,91\n2.0,99\n"),
        ("empty.csv", ""),
        ("header.csv", "a,b,y\n"),
        ("ragged.csv", "a,b,y\n1,2,0\n3,4\n"),
        ("long.csv", "a,b,y\n1,2,0\n3,4,1,9\n"),
        ("short-row.csv", "1,2,0\n3,4\n"),
        ("word.csv", "a,b,y\n1,2,0\n3,hello,1\n"),
        ("hole.csv", "a,b,y\n,2,0\n3,4,1\n"),
        ("nan.csv", "a,b,y\n1,NaN,0\n3,4,1\n"),
        ("inf.csv", "a,b,y\n1,-inf,0\n3,4,1\n"),
        ("huge.csv", "a,b,y\n1,1e39,0\n3,4,1\n"),
        ("far.csv", "a,y\n3.4e38,0\n-3.4e38,1\n3.4e38,1\n3.4e38,0\n3.4e38,1\n"),
        ("nan-target.csv", "a,b,y\n1,2,0\n3,4,nan\n5,6,NA\n"),
        ("no-target.csv", "a,b,y\n1,2,0\n3,4,\n5,6,\n7,8,\n"),
        ("numbers.csv", "1,2,0\n3,4,1\n"),
        ("twice.csv", "a,a,y\n1,2,0\n3,4,1\n"),
        ("single.csv", "y\n1\n2\n"),
        ("one-class.csv", "a,b,y\n1,2,1\n3,4,1\n"),
        ("words.csv", "a,kind\n1,cat\n2,dog\n3,emu\n"),
        ("kinds.csv", "size,kind\n1,cat\n2,dog\n3,cat\n4,dog\n"),
        ("other-kinds.csv", "kind,size\ndog,3\nemu,4\n"),
        ("kinds-word.csv", "size\n$5\n"),
        ("negative.csv", "x,w,y\n1,1,0\n2,-1,1\n"),
        ("same.csv", "a,b,y\n1,x,0\n1,x,1\n"),
        ("dates.csv", "when,y\n01/02/2024,0\n03/04/2024,1\n05/04/2024,1\n"),
        ("lines.jsonl", "{\"a\": 1, \"y\": 0}\n{\"a\": 2, \"y\": 1}\n"),
        ("page.csv", "<!DOCTYPE html>\n<html><body>Log in</body></html>\n"),
        ("sparse.txt", "1 1:0.5 7:1\n0 2:1\n1 1:0.25\n"),
        ("blanks.txt", "a b y\n1 2 0\n3 4 1\n"),
        ("wide.txt", "a   b y\n1   2 0\n10  4 1\n"),
        ("open.csv", "y\nno\n\"yes\nno\nyes\n"),
        ("commented.csv", "a,y\n# from a sensor\n1,0\n2,1\n"),
        ("commas.csv", "a;y\n1,5;0\n2,5;1\n"),
        ("thousands.csv", "a;y\n1,234;0\n999;1\n5;0\n"),
        ("points.csv", "a;y\n1.5;0\n2.5;1\n"),
        ("measured.csv", "1,5;0,5\n2,5;1,5\n"),
        ("x.csv", "x1,x2\n0,1\n"),
        ("x-header.csv", "x1,x2\n"),
        ("x-word.csv", "x1,x2\none,1\n"),
        ("x-hole.csv", "x1,x2\n0,1\n0,\n"),
        ("either.csv", "a;b,c\nx;y,z\nu;v,w\n"),
        ("row.csv", "3,red,no\n4,red,yes\n5,blue,no\n6,red,no\n"),
        ("money.csv", "a,y\n1,\"$1,000\"\n2,$900\n3,$800\n"),
        ("units.csv", "a,y\n1.5 kg,0\n2 kg,1\n3.5 kg,0\n"),
        ("typo.toml", "lr = 0.1\nhiden = [3]\n"),
        ("value.toml", "lr = \"fast\"\n"),
        ("kind.toml", "nesterov = 3\n"),
        ("norm.toml", "layer-norm = \"all\"\n"),
        ("syntax.toml", "lr = 0.1\nhidden = = 3\n"),
        ("twofold.toml", "steps = 5\nepochs = 5\n"),
        ("list.toml", "lr = [1]\n"),
        ("names.toml", "drop = [1]\n"),
        ("same", "precious"),
        ("semicolons.csv", "a;b;y\n1;2;0\n3;4;1\n"),
        ("stray.csv", "a,y\n1,3.5\n2,huh\n3,4.5\n4,5.5\n"),
        ("crlf.csv", "a,b,y\r\n1,2,0\r\n3,4,1\r\n5,oops,1\r\n"),
        ("blank.csv", "a,b,y\n1,2,0\n\n\n3,4,1\n5,oops,1\n"),
    ] {
        folder.write(name, text);
    }
    let numbers = |row: usize| match row {
        7..15 => "oops,1\n".to_owned(),
        _ => format!("{row}.5,{}\n", row % 2),
    };
    folder.write("stray-feature.csv", format!("a,y\n{}", (0..50).map(numbers).collect::<String>()));
    let rows = |word: &str| (0..5000).map(|row| format!("1,{row}{word}\n")).collect::<String>();
    let names: String = (0..20).map(|row| format!("{row},name{row}\n")).collect();
    folder.write("names.csv", format!("a,y\n{names}"));
    folder.write("many-classes.csv", format!("a,y\n{}", rows("")));
    folder.write("many-words.csv", format!("a,y\n{}", rows("w")));
    folder.write("latin.csv", b"a,b\xe9,y\n1,2,0\n3,4,1\n");
    folder.write("latin-field.csv", b"a,b,y\n1,x,0\n3,\xe9,1\n");
    folder.write("utf16.csv", b"\xff\xfea\0,\0b\0\n\0");
    folder.write("binary.csv", b"\x7fELF\x02\x01\x01\0\0\0");
    formats(folder);
    models(folder);
}

/// Files that are no text, good ones cut off and worse.
fn formats(folder: &Folder) {
    let given = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats").join(name);
        fs::read(path).expect("it is in the repository")
    };
    for name in ["uneven.npz", "objects.npy", "dates.parquet", "lists.parquet"] {
        folder.write(name, given(name));
    }
    let cut = |name: &str, from: &str, left: usize| folder.write(name, &given(from)[..left]);
    cut("cut.csv.gz", "table.csv.gz", 100);
    cut("cut.npz", "arrays.npz", 400);
    cut("cut.npy", "rows-f8.npy", 300);
    cut("cut-idx", "floats-idx2", 100);
    cut("cut.parquet", "table-none.parquet", 2000);
    folder.write("garbage.gz", b"\x1f\x8b\x08\0garbage, not deflated at all");
    let mut book = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default();
    book.start_file("xl/workbook.xml", stored).expect("it is in memory");
    folder.write("workbook.xlsx", book.finish().expect("it is in memory").into_inner());
    // Tables to train on and to validate on, in one file.
    let array = |values: &[u8]| {
        let head =
            format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({},), }}\n", values.len());
        let size = (head.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00".as_slice(), &size, head.as_bytes(), values].concat()
    };
    let mut arrays = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, values) in [("x_train", &[1, 2, 3, 4][..]), ("x_test", &[1, 2])] {
        arrays.start_file(format!("{name}.npy"), stored).expect("it is in memory");
        std::io::Write::write_all(&mut arrays, &array(values)).expect("it is in memory");
    }
    folder.write("arrays.npz", arrays.finish().expect("it is in memory").into_inner());
    // The end of an archive that has nothing in it.
    folder.write("archive.zip", [b"PK\x05\x06".as_slice(), &[0; 18]].concat());
    folder.write("headed.parquet", b"PAR1 and then nothing of the kind");
    let mut holed = given("table-none.parquet");
    holed[100..400].fill(0xff);
    folder.write("holed.parquet", holed);
    let npy = |head: &str| {
        let size = (head.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\0".as_slice(), &size, head.as_bytes(), &[0; 64]].concat()
    };
    let shaped = |shape: &str| {
        npy(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"))
    };
    folder.write("scalar.npy", shaped("()"));
    folder.write("boastful.npy", shaped("(3, 999999999)"));
    folder.write("endless.npy", shaped("(99999999999999, 2)"));
    folder.write("head.npy", npy("{'descr': '<f8'}"));
    let idx = |sizes: &[u32]| {
        let head = [0, 0, 8, sizes.len() as u8];
        let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
        head.into_iter().chain(sizes).chain([1; 6]).collect::<Vec<u8>>()
    };
    folder.write("boastful-idx", idx(&[1, u32::MAX]));
    folder.write("overflowing-idx", idx(&[1, u32::MAX, u32::MAX, u32::MAX]));
    folder.write("labels-only-idx", idx(&[6]));
}

/// Models, good ones and spoiled ones.
fn models(folder: &Folder) {
    folder.good("train xor --steps 1 --device cpu --quiet --output xor.safetensors");
    folder.good("train kinds.csv --steps 1 --device cpu --quiet --output kinds.safetensors");
    let model = folder.read_bytes("xor.safetensors");
    folder.write("truncated.safetensors", &model[..model.len() - 5]);
    folder.write("short.safetensors", &model[..6]);
    // A header that claims to be 2^60 bytes long.
    folder.write("hostile.safetensors", [&(1u64 << 60).to_le_bytes()[..], b"{}"].concat());
    let spoiled = |name: &str, spoil: &dyn Fn(&mut Value, &mut Value)| {
        folder.write(name, with_header(&model, spoil));
    };
    norms(folder);
    spoiled("overlapping.safetensors", &|header, _| {
        header["layers.0.bias"]["data_offsets"] = header["layers.0.weight"]["data_offsets"].clone();
    });
    spoiled("endless.safetensors", &|header, _| {
        header["layers.0.weight"]["shape"] = json!([u64::MAX, u64::MAX]);
    });
    spoiled("deep.safetensors", &|header, _| {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        header["__metadata__"]["halfplane"] = json!(deep);
    });
    let metadata = |name: &str, spoil: &dyn Fn(&mut Value)| spoiled(name, &|_, own| spoil(own));
    metadata("newer.safetensors", &|own| own["version"] = json!(99));
    metadata("nameless.safetensors", &|own| own["classes"] = json!([]));
    metadata("strange.safetensors", &|own| own["colour"] = json!("blue"));
    metadata("columnless.safetensors", &|own| own["preprocessing"] = Value::Null);
    metadata("wide.safetensors", &|own| own["network"]["inputs"] = json!(1u64 << 40));
    let columns = |name: &str, columns: Value| {
        metadata(name, &|own| own["preprocessing"]["columns"] = columns.clone());
    };
    let as_is = |name: &str| json!({ "name": name, "encoding": "as-is" });
    let words = |list: Value| {
        let own = json!({ "categories": list, "other": "zeros", "missing": "other" });
        json!([{ "name": "x1", "encoding": { "categorical": own } }])
    };
    columns("twice.safetensors", json!([as_is("x1"), as_is("x1")]));
    columns("narrow.safetensors", json!([as_is("x1")]));
    let numeric = json!({ "numeric": { "mean": 0, "scale": 0, "missing": "mean" } });
    columns("flat.safetensors", json!([{ "name": "x1", "encoding": numeric }, as_is("x2")]));
    columns("same-words.safetensors", words(json!(["a", "a"])));
    columns("no-words.safetensors", words(json!([])));
}

/// A model with a norm, and spoiled ones.
fn norms(folder: &Folder) {
    folder
        .good("train xor --layer-norm --steps 1 --device cpu --quiet --output normed.safetensors");
    let model = folder.read_bytes("normed.safetensors");
    let spoiled = |name: &str, spoil: &dyn Fn(&mut Value, &mut Value)| {
        folder.write(name, with_header(&model, spoil));
    };
    let renamed = |name: &str, from: &str, to: &str| {
        spoiled(name, &|header, _| {
            let tensors = header.as_object_mut().expect("the header is an object");
            let tensor = tensors.remove(from).expect("it has the tensor");
            tensors.insert(to.to_owned(), tensor);
        });
    };
    renamed("bare.safetensors", "norms.0.weight", "scales.0.weight");
    renamed("shiftless.safetensors", "norms.0.bias", "norms.0.shift");
    let shaped = |name: &str, kind: &str, shape: Value| {
        spoiled(name, &|header, _| {
            header["norms.0.weight"]["dtype"] = json!(kind);
            header["norms.0.weight"]["shape"] = shape.clone();
        });
    };
    shaped("twisted.safetensors", "F32", json!([2, 1]));
    shaped("short-norm.safetensors", "F64", json!([1]));
    shaped("whole-norm.safetensors", "I32", json!([2]));
    let network = |name: &str, key: &str, value: Value| {
        spoiled(name, &|_, own| own["network"][key] = value.clone());
    };
    network("group-norm.safetensors", "normalization", json!("group-norm"));
    network("unsaid.safetensors", "normalization", json!("none"));
    network("layerless.safetensors", "hidden", json!([]));
}

/// A safetensors file with another header; our part of it is given parsed, too, and put back where
/// it has changed.
fn with_header(model: &[u8], spoil: &dyn Fn(&mut Value, &mut Value)) -> Vec<u8> {
    let (size, rest) = model.split_at(8);
    let size = u64::from_le_bytes(size.try_into().expect("eight bytes")) as usize;
    let mut header: Value = serde_json::from_slice(&rest[..size]).expect("the header is JSON");
    let text = header["__metadata__"]["halfplane"].as_str().expect("ours is text");
    let whole: Value = serde_json::from_str(text).expect("ours is JSON");
    let mut own = whole.clone();
    // Without its checksum, so that what follows is looked at.
    header["__metadata__"].as_object_mut().expect("an object").remove("xxh3");
    spoil(&mut header, &mut own);
    if own != whole {
        header["__metadata__"]["halfplane"] = json!(own.to_string());
    }
    let header = serde_json::to_vec(&header).expect("plain data");
    [&(header.len() as u64).to_le_bytes()[..], &header, &rest[size..]].concat()
}

/// Every file of a folder with its contents.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("its entries can be read").path())
        .map(|path| (path.clone(), fs::read(&path).unwrap_or_default()))
        .collect();
    all.sort();
    all
}
