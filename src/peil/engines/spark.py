"""Apache Spark: the engine for those who have outgrown one machine, reading the same parts."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from peil.engines.door import Limits
from peil.engines.schema import STORED, Schema, Table
from peil.engines.store import Load, publish_file
from peil.engines.subset import rendered, tables_read
from peil.errors import EvidenceError, PeilError, SourceError

REMEDY = "pip install 'peil[spark]', and Java 17 (on Debian or Ubuntu: apt-get install openjdk-17-jre-headless)"
STORED_HERE = {
    "varchar": "string",
    "bigint": "bigint",
    "double": "double",
    "timestamp": "timestamp_ntz",
    "date": "date",
    "boolean": "boolean",
}
ARROW: dict[str, Any] = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}
# What makes Spark mean the same as DuckDB; set on every session, the user's own included.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.shuffle.partitions": "8",
}
_QUIET = """rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
"""


class SparkEngine:
    """Counts with Spark: the session that is there, else one of this process.

    Engines of one process share Spark itself and nothing else: each has its own session, so that two data sets do
    not see one another's tables.

    Parameters:
        limits: memory and cores; those of the first engine of a process hold.

    Raises:
        PeilError: pyspark or Java is not there, or Spark does not start.
    """

    name = "spark"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._spark = _shared(self._limits).newSession()
        for setting, value in MEANING.items():
            self._spark.conf.set(setting, value)
        self._views: set[str] = set()
        self._uses: dict[str, int] = {}
        self._settled: Path | None = None

    def _view(self, frame: Any, name: str) -> None:  # noqa: ANN401  # pyspark is imported late
        frame.createOrReplaceTempView(name)
        self._views.add(name)

    def parts(self, schema: Schema, loads: Sequence[Load]) -> Table:
        """Return the rows of one canonical table over all loads, each with ``_line``, ``_row`` and ``_sequence``."""
        name = f"parts_{schema.name}"
        declared = ", ".join(f"`{each.name}` {STORED_HERE[STORED[each.kind]]}" for each in schema.columns)
        declared += ", _line bigint, _row bigint"
        found = [(load, load.folder / f"{schema.name}.parquet") for load in loads]
        found = [(load, path) for load, path in found if path.is_file()]
        if not found:
            self._view(self._spark.createDataFrame([], f"{declared}, _sequence bigint"), name)
            return Table(schema=schema, name=name)
        # one scan however many loads: columns that an older part lacks come as nulls, and the folder tells the load
        reader = self._spark.read.schema(declared)
        rows = reader.parquet(*(_literal(path) for _, path in found))
        sequences = pa.table(
            {"_folder": [load.folder.name for load, _ in found], "_sequence": [load.sequence for load, _ in found]}
        )
        rows.selectExpr("*", "element_at(split(_metadata.file_path, '/'), -2) as _folder").join(
            self._spark.createDataFrame(sequences).hint("broadcast"), "_folder"
        ).drop("_folder").createOrReplaceTempView(name)
        self._views.add(name)
        return Table(schema=schema, name=name)

    def small(self, schema: Schema, rows: pa.Table) -> Table:
        """Return a small table made in Python."""
        fields = [pa.field(each.name, ARROW[STORED[each.kind]]) for each in schema.columns]
        chosen = rows.select(schema.names).cast(pa.schema(fields))
        self._view(self._spark.createDataFrame(chosen), schema.name)
        return Table(schema=schema, name=schema.name)

    def lent(self, schema: Schema, rows: pa.Table | Path) -> Table:
        """Return a table over rows that somebody else keeps: an Arrow table, or a Parquet file."""
        frame = (
            self._spark.read.parquet(_literal(rows)) if isinstance(rows, Path) else self._spark.createDataFrame(rows)
        )
        self._view(frame, schema.name)
        return Table(schema=schema, name=schema.name)

    def step(self, name: str, sql: str, schema: Schema) -> Table:
        """Return the named result of a query, computed when a second query needs it."""
        asked = rendered(sql, "spark", name)
        for each, times in Counter(tables_read(sql)).items():
            if each in self._uses:
                self._uses[each] += times
                if self._uses[each] > 1:
                    self._settle(each)
        # named in SQL, a view is looked up when it is used: what was kept meanwhile is read and not computed again
        self._spark.sql(f"create or replace temporary view `{name}` as {asked}")
        self._views.add(name)
        self._uses[name] = 0
        return Table(schema=schema, name=name)

    def _settle(self, name: str) -> None:
        """Compute a step that several others read: Spark would plan and compute it again for each, and for theirs."""
        if self._settled is None:
            if self._limits.folder:
                self._limits.folder.mkdir(parents=True, exist_ok=True)
            self._settled = Path(tempfile.mkdtemp(prefix="engine-", dir=self._limits.folder))
        path = self._settled / f"{name}-{uuid.uuid4().hex[:8]}"
        self._within_memory(lambda: self._spark.table(name).write.parquet(str(path)), f"building '{name}'")
        self._view(self._spark.read.parquet(_literal(path)), name)
        del self._uses[name]

    def keep(self, table: Table, folder: Path) -> Table:
        """Compute a table once and keep it in ``folder``, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{table.name}.parquet"
        if not target.exists():
            made = folder / f".{table.name}-{uuid.uuid4().hex[:8]}"
            columns = ", ".join(
                f"cast(`{each.name}` as {STORED_HERE[STORED[each.kind]]}) as `{each.name}`"
                for each in table.schema.columns
            )
            try:
                self._within_memory(
                    lambda: self._spark.sql(f"select {columns} from `{table.name}`").write.parquet(str(made)),
                    f"building '{table.name}'",
                )
                _publish(made, target)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        return self.kept(table.schema, table.name, folder)

    def kept(self, schema: Schema, name: str, folder: Path) -> Table:
        """Return a table that was kept earlier."""
        path = folder / f"{name}.parquet"
        if not path.exists():
            raise SourceError(f"the built table '{name}' is gone", remedy="run 'peil load' again")
        self._view(self._spark.read.parquet(_literal(path)), name)
        self._uses.pop(name, None)
        return Table(schema=schema, name=name)

    def rows(self, sql: str, *, steady: bool = False, ordered: bool = False) -> pa.Table:
        """Run a query and return its rows, which must be few; Spark promises no order, of adding or of rows."""
        del steady, ordered
        asked = rendered(sql, "spark")
        return self._within_memory(lambda: self._spark.sql(asked).toArrow(), "the question")

    def _within_memory(self, work: Callable[[], Any], what: str) -> Any:  # noqa: ANN401  # whatever the work returns
        try:
            return work()
        except Exception as fault:
            if "OutOfMemoryError" in str(fault):
                raise EvidenceError(
                    f"{what} needs more than {self._limits.memory} of memory",
                    remedy="raise engine.memory in peil.yaml, or ask for fewer groups",
                ) from None
            raise

    def close(self) -> None:
        """Let go of the tables; Spark itself goes with the process, as other engines may be using it."""
        for each in self._views:
            self._spark.catalog.dropTempView(each)
        self._views.clear()
        self._uses.clear()
        if self._settled:
            shutil.rmtree(self._settled, ignore_errors=True)


def _literal(path: Path) -> str:
    """Return a path in which nothing is taken for a pattern."""
    return "file:" + re.sub(r"([*?\[\]{}\\])", r"\\\1", str(path.resolve()))


def _publish(made: Path, target: Path) -> None:
    try:
        publish_file(made, target)
    except OSError:
        # another process kept the same table meanwhile; its readers are not to lose it
        if not target.exists():
            raise


def _heap(memory: str) -> str:
    """Return a memory limit as Java wants it.

    Example:
        >>> _heap("4GB"), _heap("512 MiB")
        ('3814m', '512m')
    """
    found = re.fullmatch(r"\s*([0-9.]+)\s*([KMGT]?)(i?)B?\s*", memory, flags=re.IGNORECASE)
    if found is None:
        raise PeilError(f"'{memory}' is no amount of memory", remedy="write it as 4GB")
    step = 1024 if found[3] else 1000
    size = float(found[1]) * step ** " KMGT".index(found[2].upper() or " ")
    return f"{max(int(size / 2**20), 512)}m"


def _shared(limits: Limits) -> Any:  # noqa: ANN401  # pyspark is imported late
    """Return the Spark session of this process, started if need be."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.logger import PySparkLogger
        from pyspark.sql import SparkSession
    except ImportError:
        raise PeilError("engine 'spark': pyspark is not installed", remedy=REMEDY) from None
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True  # it prints whole queries, literals and all
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if java is None or not Path(java).exists():
        raise PeilError("engine 'spark': there is no Java", remedy=REMEDY)
    # not in the project's spill folder: Spark outlives a project, and a load sweeps that folder
    work = Path(tempfile.mkdtemp(prefix="peil-spark-"))
    (work / "log4j2.properties").write_text(_QUIET, encoding="utf-8")
    builder = SparkSession.builder.appName("peil").master(f"local[{limits.threads}]")
    for setting, value in {**MEANING, **_of_process(limits, work)}.items():
        builder = builder.config(setting, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, OSError) as fault:
        shutil.rmtree(work, ignore_errors=True)
        raise PeilError(f"engine 'spark' does not start: {str(fault).splitlines()[0]}", remedy=REMEDY) from None
    atexit.register(_stop, session, work)
    return session


def _of_process(limits: Limits, work: Path) -> dict[str, str]:
    """Return what is settled when Spark starts: nothing is served, and nothing is left in the working directory."""
    return {
        "spark.driver.memory": _heap(limits.memory),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f'-Dlog4j2.configurationFile="{work / "log4j2.properties"}" -Duser.timezone=UTC',
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(work),
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
    }


def _stop(session: Any, work: Path) -> None:  # noqa: ANN401  # pyspark is imported late
    session.stop()
    shutil.rmtree(work, ignore_errors=True)
