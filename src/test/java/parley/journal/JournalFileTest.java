package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDB;

@Timeout(60)
class JournalFileTest {
  @TempDir Path folder;

  private JournalFile file;

  @BeforeEach
  void open() throws Exception {
    file = JournalFile.open(folder);
  }

  @AfterEach
  void close() {
    file.close();
  }

  @Test
  void aRowIsStoredAsWritten() {
    JournalRow journalRow =
        new JournalRow(
            7, 0x0102030405060708L, "sent", "", "w", "é".getBytes(StandardCharsets.UTF_8));
    assertThat(HexFormat.of().formatHex(journalRow.encoded()))
        .isEqualTo(
            "01" + "00000007" + "0102030405060708" + "000473656e74" + "0000" + "000177" + "c3a9");
    JournalRow read = JournalRow.decoded(journalRow.encoded());
    assertThat(read).usingRecursiveComparison().isEqualTo(journalRow);
    byte[] newer = journalRow.encoded();
    newer[0] = 2;
    assertThatThrownBy(() -> JournalRow.decoded(newer)).hasMessageContaining("version 2");
  }

  @Test
  void aRowNumberIsWrittenOnce() throws Exception {
    get(write("e", 1, "first"));
    assertThatThrownBy(() -> get(write("e", 1, "second")))
        .hasMessageContaining("e: number 1 was written before");
    // Also if the number is no longer in memory: then it is read.
    reopen();
    assertThatThrownBy(() -> get(write("e", 1, "third"))).hasMessageContaining("written before");
    assertThat(texts("e")).containsExactly("first");
    get(write("e", 2, "fourth"));
    assertThat(texts("e")).containsExactly("first", "fourth");
  }

  @Test
  void numbersOfWhatWasRemovedAreNotGivenAgain() throws Exception {
    for (int i = 1; i <= 2_500; i++) {
      write("e", i, "x");
    }
    get(write("e", 2_501, "last"));
    get(write("e2", 1, "the neighbour's"));
    get(file.remove(ColumnFamily.EVENTS, "e", Long.MAX_VALUE));
    assertThat(texts("e")).isEmpty();
    assertThat(texts("e2")).containsExactly("the neighbour's");
    assertThat(file.highestNumber("e")).isEqualTo(2_501);
    reopen();
    assertThat(file.highestNumber("e")).isEqualTo(2_501);
    assertThatThrownBy(() -> get(write("e", 2_501, "again"))).hasMessageContaining("before");
    assertThat(file.persistenceIds("")).containsExactly("e", "e2");
    assertThat(file.persistenceIds("e2")).containsExactly("e2");
    assertThat(file.persistenceIds("f")).isEmpty();
  }

  @Test
  void entitiesWithACommonPrefixStaySeparate() throws Exception {
    List<String> ids = List.of("a", "a\u0001", "a|b", "ab", "é", "\u0001");
    for (String id : ids) {
      get(write(id, 1, id + "-one"));
      get(write(id, 300, id + "-two"));
    }
    for (String id : ids) {
      assertThat(texts(id)).containsExactly(id + "-one", id + "-two");
      assertThat(file.highestNumber(id)).isEqualTo(300);
    }
    assertThat(file.persistenceIds("")).containsExactlyInAnyOrderElementsOf(ids);
    assertThatThrownBy(() -> file.highestNumber("a\0b"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> file.highestNumber("")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void pagesBeginAndEndAtTheirBounds() throws Exception {
    for (int i = 1; i <= 10; i++) {
      get(write("e", i, "t" + i));
    }
    assertThat(numbers(3, 5, 100)).containsExactly(3L, 4L, 5L);
    assertThat(numbers(0, Long.MAX_VALUE, 4)).containsExactly(1L, 2L, 3L, 4L);
    assertThat(numbers(9, Long.MAX_VALUE, 100)).containsExactly(9L, 10L);
    assertThat(numbers(11, Long.MAX_VALUE, 100)).isEmpty();
    assertThat(numbers(6, 5, 100)).isEmpty();
  }

  @Test
  void aClosedJournalRefusesCalls() throws Exception {
    JournalFile other = JournalFile.open(folder);
    file.close();
    get(write("e", 1, "the other one has it still"));
    other.close();
    assertThatThrownBy(() -> get(write("e", 2, "x"))).hasMessageContaining("closed");
    assertThatThrownBy(() -> file.highestNumber("e")).hasMessageContaining("closed");
    assertThatThrownBy(() -> file.rows(ColumnFamily.EVENTS, "e", 0, 1, 1))
        .hasMessageContaining("closed");
    assertThatThrownBy(file::probe).hasMessageContaining("closed");
    assertThatThrownBy(() -> JournalFile.requireOpen(folder.toString()))
        .hasMessageContaining("not open");
    file = JournalFile.open(folder);
    assertThat(texts("e")).hasSize(1);
  }

  @Test
  void queuedWritesAreStoredAtTheStop() throws Exception {
    List<CompletionStage<Void>> all = new ArrayList<>();
    for (int i = 1; i <= 5_000; i++) {
      all.add(write("e" + i % 7, i, "x"));
    }
    file.close();
    long stored =
        all.stream().filter(one -> !one.toCompletableFuture().isCompletedExceptionally()).count();
    assertThat(stored).isEqualTo(5_000);
    file = JournalFile.open(folder);
    long found =
        file.persistenceIds("")
            .mapToLong(id -> file.rows(ColumnFamily.EVENTS, id, 0, 9_999, 9_999).size())
            .sum();
    assertThat(found).isEqualTo(5_000);
  }

  @Test
  void aJournalOfALaterVersionIsNotOpened() throws Exception {
    file.close();
    try (RocksDB raw = RocksDB.openReadOnly(folder.toString())) {
      assertThat(raw.get(RowKeys.FORMAT)).isEqualTo(RowKeys.number(1));
    }
    List<org.rocksdb.ColumnFamilyDescriptor> families = new ArrayList<>();
    for (String name : List.of("default", "events", "snapshots")) {
      families.add(new org.rocksdb.ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8)));
    }
    try (RocksDB raw = RocksDB.open(folder.toString(), families, new ArrayList<>())) {
      raw.put(RowKeys.FORMAT, RowKeys.number(2));
    }
    assertThatThrownBy(() -> JournalFile.open(folder))
        .hasMessage("it was written by a newer version of Parley");
    try (RocksDB raw = RocksDB.open(folder.toString(), families, new ArrayList<>())) {
      raw.put(RowKeys.FORMAT, RowKeys.number(1));
    }
    file = JournalFile.open(folder);
  }

  @Test
  void aFileThatIsNotAJournalIsRefused() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(other.resolve("CURRENT"), "not one");
    assertThatThrownBy(() -> JournalFile.open(other)).isInstanceOf(Exception.class);
    // And the write can be repeated.
    Files.delete(other.resolve("CURRENT"));
    JournalFile.open(other).close();
  }

  private CompletionStage<Void> write(String id, long number, String text) {
    JournalRow journalRow = new JournalRow(1, 0, "", "", "", text.getBytes(StandardCharsets.UTF_8));
    var put =
        new GroupCommit.Put(
            ColumnFamily.EVENTS, RowKeys.rowKey(RowKeys.prefix(id), number), journalRow.encoded());
    return file.submit(
        new GroupCommit.Write(id, number, number, List.of(put), new CompletableFuture<>()));
  }

  private static void get(CompletionStage<Void> written) throws Exception {
    written.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private void reopen() throws Exception {
    file.close();
    file = JournalFile.open(folder);
  }

  private Stream<String> texts(String id) {
    return file.rows(ColumnFamily.EVENTS, id, 0, Long.MAX_VALUE, 10_000).stream()
        .map(numberedRow -> new String(numberedRow.row().payload(), StandardCharsets.UTF_8));
  }

  private Stream<Long> numbers(long from, long to, long most) {
    return file.rows(ColumnFamily.EVENTS, "e", from, to, most).stream()
        .map(JournalFile.NumberedRow::number);
  }
}
