//! Trained models in a program: predictions in the target's own unit, predictors that stay loaded,
//! scores, and plans that are those of the training.

use std::path::Path;

use halfplane::data::{
    Bins, Prepared, Source, TableOptions, TargetEncoding, Validation, prepare, read_labelled,
};
use halfplane::metrics::Scores;
use halfplane::model::Integrity;
use halfplane::train::plan_for;
use halfplane::{
    Dataset, DeviceChoice, Length, Model, Recipe, Result, Targets, Task, TrainOptions, Trainer,
};

use crate::support::folder::Folder;
use crate::support::{devices, quiet};

fn table(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Training and validation rows of a table.
fn prepared(name: &str) -> Prepared {
    let options =
        TableOptions { validation: Some(Validation::Fraction(0.2)), ..TableOptions::default() };
    prepare(&table(name).into(), &options).expect("it is a table")
}

/// A few epochs by the recipe for the data.
fn trainer(data: &Dataset) -> Result<Trainer> {
    let Recipe { network, options, .. } = Recipe::for_data(data);
    let (device, length) = (DeviceChoice::Cpu, Length::Epochs(5));
    let mut trainer = Trainer::new(&network, data, TrainOptions { device, length, ..options })?;
    trainer.run(quiet)?;
    Ok(trainer)
}

#[test]
fn trainer_and_model_predict_in_the_targets_own_unit() -> Result<()> {
    let Prepared { training, validation, .. } = prepared("diabetes.csv");
    let validation = validation.expect("a fifth of the rows");
    let mut trainer = trainer(&training)?;
    let predictions = trainer.predict_rows(validation.features())?;
    let model = trainer.model()?;
    assert_eq!(predictions, model.predict(validation.features())?);
    // The disease's progression is a number of two to three digits, not of mean 0.
    assert!(predictions.iter().all(|own| (20.0..400.0).contains(own)), "{predictions:?}");
    let scores = Scores::of(&validation.original_targets(), &predictions, None)?;
    assert_eq!(model.evaluate(&validation)?, scores);
    Ok(())
}

/// The rows that a plan is made for decide in which order some sums run, so that other plans agree to
/// rounding; a prediction by the plan of so many rows agrees to the last bit.
#[test]
fn predictors_agree_with_the_model_however_the_rows_come() -> Result<()> {
    for name in ["iris.csv", "diabetes.csv", "breast_cancer.csv"] {
        let Prepared { training, .. } = prepared(name);
        let model = trainer(&training)?.model()?;
        let (inputs, features) = (training.inputs(), training.features());
        for choice in [DeviceChoice::Cpu, DeviceChoice::Software] {
            let all = model.predict_on(&choice, features)?;
            let mut predictor = model.predictor(&choice)?;
            for rows in [1, 7, 100, 3] {
                let few = predictor.predict(&features[..rows * inputs])?;
                assert_eq!(few.len(), rows * model.network.outputs);
                for (few, all) in few.iter().zip(&all) {
                    assert!((few - all).abs() <= 1e-5 * all.abs().max(1.0), "{name}: {few}, {all}");
                }
            }
            assert_eq!(predictor.predict(features)?, all);
            assert_eq!(predictor.predict(features)?, all, "again, by the plan that is loaded");
            assert!(predictor.predict(&[])?.is_empty());
            assert!(predictor.predict(&features[1..]).is_err());
        }
    }
    Ok(())
}

#[test]
fn a_model_reads_and_scores_rows_by_its_own_schema() -> Result<()> {
    let Prepared { training, .. } = prepared("iris.csv");
    let model = trainer(&training)?.model()?;
    let schema = model.schema()?;
    let (data, _) =
        read_labelled(&table("iris.csv").into(), None, Default::default(), &schema, None)?;
    let classes = model.predict_class(data.features())?;
    let truth = data.targets().classes().expect("classes");
    let right = classes.iter().zip(truth).filter(|(own, truth)| *own == truth).count();
    let Scores::Classification(scores) = model.evaluate(&data)? else {
        panic!("these are classes")
    };
    assert_eq!(scores.accuracy, right as f64 / data.rows() as f64);
    // Rows that were prepared by themselves have means of their own.
    let alone = prepare(&table("iris.csv").into(), &TableOptions::default())?.training;
    assert!(model.evaluate(&alone).is_err_and(|error| error.to_string().contains("columns")));
    Ok(())
}

#[test]
fn plan_plans_what_train_runs() -> Result<()> {
    let Prepared { training, validation, .. } = prepared("iris.csv");
    let Recipe { network, options, .. } = Recipe::for_data(&training);
    let data = (&training, validation.as_ref());
    for device in devices() {
        let trainer = Trainer::on(device.as_ref(), &network, data, options.clone())?;
        let plan = plan_for(&network, data, &options, &device.limits())?;
        assert!(plan == *trainer.plan(), "{}", device.name());
    }
    let folder = Folder::new();
    let iris = table("iris.csv");
    let printed = folder.good(&format!("plan {} --validation 0.2 --device cpu", iris.display()));
    let [cpu, _] = devices();
    let trainer = Trainer::on(cpu.as_ref(), &network, data, options)?;
    assert_eq!(printed, format!("{}; planned for cpu\n", trainer.plan()));
    assert!(printed.contains("validate"), "{printed}");
    Ok(())
}

#[test]
fn a_model_file_keeps_all_of_it() -> Result<()> {
    let model = trainer(&prepared("iris.csv").training)?.model()?;
    let folder = Folder::new();
    model.save(&folder.path("m.safetensors"))?;
    assert!(Model::load(&folder.path("m.safetensors"))? == model);
    Ok(())
}

/// A file is written in the oldest version that can tell all of it, so that older programs read what they
/// understand, and say of all else that a newer one has written it.
#[test]
fn a_model_file_has_the_version_of_what_is_in_it() -> Result<()> {
    let folder = Folder::new();
    let version = |rows: &dyn Fn(usize) -> String, options: &TableOptions| -> Result<String> {
        let rows: String =
            (0..600).map(|row| format!("{},{},{}\n", rows(row), row * 7 % 9, row % 2)).collect();
        let table = format!("w,a,y\n{rows}").into_bytes();
        let data = prepare(&halfplane::data::Source::Memory(table), options)?.training;
        let model = trainer(&data)?.model()?;
        let path = folder.path("m.safetensors");
        model.save(&path)?;
        assert!(Model::load(&path)? == model);
        let text = String::from_utf8_lossy(&folder.read_bytes("m.safetensors")).into_owned();
        let after = text.split_once(r#"\"version\":"#).expect("it has a version").1;
        Ok(after.chars().take_while(char::is_ascii_digit).collect())
    };
    let plain = TableOptions { bins: Bins::None, ..TableOptions::default() };
    let missing = [("a".to_owned(), vec!["3".to_owned()])].into();
    assert_eq!(version(&|row| (row % 50).to_string(), &plain)?, "2");
    assert_eq!(version(&|row| format!("t{row}"), &plain)?, "2");
    // Rare texts, dates, words for missing values of one column.
    assert_eq!(version(&|row| format!("t{}", row / 3), &plain)?, "4");
    assert_eq!(version(&|row| format!("2024-01-{:02}", row % 30 + 1), &plain)?, "4");
    let one_column = TableOptions { na_columns: missing, ..plain };
    assert_eq!(version(&|row| (row % 50).to_string(), &one_column)?, "4");
    assert_eq!(version(&|row| (row % 50).to_string(), &TableOptions::default())?, "5");
    // The last version but this one refuses such a file by its number.
    let mut bytes = folder.read_bytes("m.safetensors");
    let from = br#"\"version\":5"#;
    let at = bytes.windows(from.len()).position(|own| own == from).expect("a version");
    bytes[at + from.len() - 1] = b'7';
    let error = Model::from_bytes(&bytes).expect_err("a newer version").to_string();
    assert!(error.contains("newer halfplane (format 7)"), "{error}");
    Ok(())
}

/// A model's file with any bit another: refused, or the same model; older files say what they lack.
#[test]
fn damage_to_a_models_file_is_noticed() -> Result<()> {
    let folder = Folder::new();
    let model = trainer(&prepared("penguins.csv").training)?.model()?;
    let path = folder.path("m.safetensors");
    model.save(&path)?;
    let sound = folder.read_bytes("m.safetensors");
    assert_eq!(Model::load_checked(&path)?, (model.clone(), Integrity::Verified));
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << ((at * 3 + at / 8) % 8);
        if let Ok(found) = Model::from_bytes(&bytes) {
            assert!(found == model, "byte {at}");
        }
    }
    for cut in (0..sound.len()).step_by(11) {
        assert!(Model::from_bytes(&sound[..cut]).is_err(), "cut off after {cut} bytes");
    }
    for version in [1, 3] {
        let name = format!("tests/models/version-{version}.safetensors");
        let old = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        assert_eq!(Model::load_checked(&old)?.1, Integrity::Unknown);
        let words = format!("inspect {} --device cpu", old.display());
        assert!(folder.good(&words).contains("no checksum"), "version {version}");
        let output = folder.run(&format!("export {} old.onnx", old.display()));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("has no checksum"), "{said}");
    }
    assert!(folder.good("inspect m.safetensors --device cpu").contains("checksum verified"));
    for bytes in [&b""[..], &[0; 8], &[0xff; 64], &[0; 1 << 20]] {
        folder.write("x.safetensors", bytes);
        assert!(folder.refused("inspect x.safetensors --device cpu").contains("damaged"));
    }
    if cfg!(unix) {
        assert!(folder.refused("inspect /dev/zero --device cpu").contains("damaged"));
    }
    Ok(())
}

/// Data of two numbers in units that are far apart, or of two labels.
fn several(task: Task) -> Dataset {
    let rows: String = (0..60)
        .map(|row: i32| {
            let (x, z) = (row * 7 % 11, row * 5 % 13);
            format!("{x},{z},{},{},{},{}\n", x - z, 1000 * x * z + 9, x > 5, u8::from(z > 6))
        })
        .collect();
    let [target, drop] = match task {
        Task::Regression => ["a,b", "u,v"],
        _ => ["u,v", "a,b"],
    };
    let drop = drop.split(',').map(str::to_owned).collect();
    let options = TableOptions { target: Some(target.into()), drop, ..TableOptions::default() };
    let text = format!("x,z,a,b,u,v\n{rows}");
    prepare(&Source::Memory(text.into()), &options).expect("it is a table").training
}

#[test]
fn several_targets_go_through_a_file() -> Result<()> {
    let folder = Folder::new();
    for task in [Task::Regression, Task::Binary] {
        let data = several(task);
        let model = trainer(&data)?.model()?;
        let path = folder.path("m.safetensors");
        model.save(&path)?;
        let (loaded, integrity) = Model::load_checked(&path)?;
        assert_eq!((&loaded, integrity), (&model, Integrity::Verified), "{task}");
        assert_eq!(loaded.evaluate(&data)?, model.evaluate(&data)?);
        assert_eq!(loaded.schema()?.targets, data.target_columns());
        assert_eq!(Model::from_bytes(&model.to_bytes()?)?, model);
    }
    Ok(())
}

#[test]
fn each_target_is_predicted_in_its_own_unit() -> Result<()> {
    let data = several(Task::Regression);
    let Recipe { network, options, .. } = Recipe::for_data(&data);
    let options = TrainOptions { device: DeviceChoice::Cpu, ..options };
    let mut trainer = Trainer::new(&network, &data, options)?;
    trainer.run(quiet)?;
    let model = trainer.model()?;
    let predictions = model.predict(data.features())?;
    assert_eq!(predictions, model.predictor(&DeviceChoice::Cpu)?.predict(data.features())?);
    assert_eq!(predictions, trainer.predict_rows(data.features())?);
    let Scores::Regression(scores) = model.evaluate(&data)? else { panic!("numbers") };
    assert_eq!(scores.per_target.len(), 2);
    assert!(scores.per_target.iter().all(|own| own.r2 > Some(0.95)), "{scores:?}");
    assert!(scores.per_target[1].mae > 100.0 * scores.per_target[0].mae, "{scores:?}");
    Ok(())
}

#[test]
fn columns_of_predictions_have_names_that_differ() -> Result<()> {
    let model = trainer(&several(Task::Binary))?.model()?;
    assert_eq!(model.prediction_columns(), ["p_u", "p_v", "u", "v"]);
    assert_eq!(model.target_columns("spread"), ["spread_u", "spread_v"]);
    let mut odd = model.clone();
    odd.targets[1].name = "p_u".into();
    assert_eq!(odd.prediction_columns(), ["p_u_", "p_p_u", "u", "p_u"]);
    assert_eq!((&*model.target(), model.classes().len()), ("u, v", 0));
    assert!(model.predict_class(&[0.0, 0.0]).is_err(), "it has no one class");
    Ok(())
}

/// What a file says of its targets must be true of its network.
#[test]
fn targets_that_do_not_fit_the_network_are_refused() -> Result<()> {
    let model = trainer(&several(Task::Regression))?.model()?;
    let refused = |spoil: fn(&mut Model)| {
        let mut own = model.clone();
        spoil(&mut own);
        Model::from_bytes(&own.to_bytes().expect("it can be written"))
            .expect_err("spoiled")
            .to_string()
    };
    let third = refused(|own| own.targets.push(own.targets[0].clone()));
    assert!(third.contains("3 targets are named for the 2 outputs"), "{third}");
    let twice = refused(|own| own.targets[1].name = "a".into());
    assert!(twice.contains("`a` is named twice"), "{twice}");
    let classes = refused(|own| own.targets[0].classes = vec!["no".into(), "yes".into()]);
    assert!(classes.contains("2 classes are named for the 0"), "{classes}");
    let none = refused(|own| own.targets.clear());
    assert!(none.contains("0 targets are named"), "{none}");
    let scales = refused(|own| {
        if let TargetEncoding::Each(each) = &mut own.preprocessing.target {
            each.pop();
        }
    });
    assert!(scales.contains("1 scales are given for its 2 outputs"), "{scales}");
    Ok(())
}

/// Several outputs that came from no table have one name, as they always had, and the file is as old.
#[test]
fn outputs_without_names_are_written_as_before() -> Result<()> {
    let targets = Targets::Numbers { values: (0..40).map(|i| i as f32).collect(), columns: 2 };
    let data = Dataset::new(1, (0..20).map(|i| i as f32 / 20.0).collect(), targets)?;
    let model = trainer(&data)?.model()?;
    assert_eq!(model.prediction_columns(), ["y1", "y2"]);
    let bytes = model.to_bytes()?;
    assert!(String::from_utf8_lossy(&bytes).contains("\\\"version\\\":2"));
    let loaded = Model::from_bytes(&bytes)?;
    assert_eq!(loaded, model);
    assert!(loaded.schema().is_err_and(|error| error.to_string().contains("have no names")));
    Ok(())
}
