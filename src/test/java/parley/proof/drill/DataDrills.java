package parley.proof.drill;

import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import parley.client.ParleyClient;
import parley.proof.faults.SmallDisk;

/** Drills of data and disks: those of a single node with the embedded store, and one of a node. */
final class DataDrills {
  private static final String DATA = "/var/lib/parley/data";
  private static final String BACKUPS = "/var/lib/parley/backups";
  private static final String MANAGEMENT = "127.0.0.1:8558";
  private static final int DISK_MEGABYTES = 512;
  private static final int NODE_DISK_MEGABYTES = 64;

  /** Before the backup, so that it has something to copy. */
  private static final int HISTORY = 50_000;

  private final RunbookWalk walk;
  private final Transcript transcript;
  private final DrillCluster cluster;

  DataDrills(RunbookWalk walk) {
    this.walk = walk;
    this.transcript = walk.transcript;
    this.cluster = walk.cluster;
  }

  // ---- full disks

  /** The disk of a single node with the embedded store. */
  void fullDisk(Path folder) throws Exception {
    try (SmallDisk disk = SmallDisk.mount(folder, DISK_MEGABYTES)) {
      Path data = disk.folder().resolve("data");
      transcript.name(DATA, data.toString());
      try (DrillServer server = single(data, Map.of())) {
        transcript.begin("full-disk, a single node whose disk holds 512 MB");
        disk.fillUntil(0.1);
        transcript.note("something fills it to 90 %");
        String room = "df -h --output=size,used,avail,pcent " + DATA;
        transcript.run(room);
        String gauge = "curl -s http://" + MANAGEMENT + "/metrics | grep '^parley_disk_'";
        transcript.run(gauge);
        disk.fill();
        transcript.begin("full-disk, from the last byte on, under load");
        Repeating load = server.writeMuch();
        await("a refusal")
            .ignoreExceptions()
            .atMost(Duration.ofMinutes(3))
            .until(
                () -> {
                  disk.fill();
                  return !server.process().isAlive() || refused(server);
                });
        load.close();
        transcript.note("writes fail");
        transcript.run(gauge);
        transcript.run(
            "curl -s http://"
                + MANAGEMENT
                + "/metrics | grep -E '^parley_(journal_write_failures|messages_refused)_total'"
                + " | grep -v ' 0.0$'");
        transcript.run("curl -s -w ' %{http_code}\\n' http://" + MANAGEMENT + "/ready");
        await("the end of the process")
            .atMost(Duration.ofMinutes(4))
            .until(
                () -> {
                  // The store merges its files, which may free some room.
                  disk.fill();
                  return !server.process().isAlive();
                });
        transcript.note("the process has ended by itself; its last lines:");
        walk.lastLines(server.process(), 4);
        transcript.run("du -sh " + DATA + "/*");
        transcript.run(room);
        disk.free();
        transcript.note("what filled it is deleted; the supervisor starts the server");
        server.process().restart();
        transcript.note("it listens");
        transcript.run("curl -s -w ' %{http_code}\\n' http://" + MANAGEMENT + "/ready");
        RunbookWalk.rest(3);
        transcript.run("curl -s http://" + MANAGEMENT + "/admin/verify/CHAT-1");
        transcript.note(server.chatter.result());
      }
    }
  }

  /** The data folder of one node of three; the store is elsewhere. */
  void fullDiskOfNode() throws Exception {
    cluster.node(2).terminate();
    Path data = Files.createDirectories(cluster.node(2).data());
    try (SmallDisk disk = SmallDisk.mount(data, NODE_DISK_MEGABYTES)) {
      cluster.launch(2);
      cluster.awaitMembers(DrillCluster.USUAL);
      try (ParleyClient there = new ParleyClient(cluster.clients(2));
          Chatter chatter =
              new Chatter(
                  cluster.clients(2),
                  there.login("ann", walk.ann.password()),
                  walk.conversations)) {
        RunbookWalk.rest(3);
        transcript.begin("full-disk-of-a-node, from the last byte on");
        disk.fill();
        String gauge = "curl -s http://127.0.0.1:8562/metrics | grep '^parley_disk_'";
        transcript.run(gauge);
        RunbookWalk.rest(20);
        transcript.run("curl -s -w ' %{http_code}\\n' http://127.0.0.1:8562/ready");
        walk.members(2);
        disk.free();
        transcript.note("there is room again");
        transcript.run(gauge);
        transcript.note(chatter.result());
      }
      cluster.node(2).terminate();
    }
    cluster.launch(2);
    cluster.awaitMembers(DrillCluster.USUAL);
  }

  // ---- restore

  /** A backup while the server runs, the loss of the data folder, and the restore. */
  void restore(Path folder) throws Exception {
    Path data = folder.resolve("data");
    Path backups = Files.createDirectory(folder.resolve("backups"));
    transcript.name(DATA, data.toString());
    transcript.name(BACKUPS, backups.toString());
    try (DrillServer server = single(data, Map.of("PARLEY_BACKUP_DIR", backups.toString()))) {
      int written = server.write(HISTORY);
      transcript.begin("restore, a backup while a client writes");
      transcript.note(written + " messages are there");
      transcript.run("java -jar target/parley.jar admin backup --url http://" + MANAGEMENT);
      await()
          .atMost(RunbookWalk.PATIENCE)
          .until(() -> server.management("/admin/backup").contains("\"ended_at\""));
      transcript.run("java -jar target/parley.jar admin last-backup --url http://" + MANAGEMENT);
      transcript.run("du -sh " + DATA + " " + BACKUPS + "/*");
      RunbookWalk.rest(20);
      server.process().kill9();
      long lost = System.nanoTime();
      transcript.begin("restore, from kill -9 on: the data folder is lost");
      int before = server.chatter.acknowledged();
      transcript.run("mv " + DATA + " " + DATA + ".damaged");
      transcript.run("cp -a " + BACKUPS + "/parley-* " + DATA);
      transcript.note("the backup is copied");
      transcript.run(
          "PARLEY_DATA_DIR=" + DATA + " java -jar target/parley.jar verify 2>/dev/null | tail -1");
      transcript.note("it is verified");
      server.process().restart();
      transcript.note("the server listens");
      transcript.run("curl -s -w ' %{http_code}\\n' http://" + MANAGEMENT + "/ready");
      await().atMost(RunbookWalk.PATIENCE).until(() -> server.chatter.acknowledged() > before);
      double away = (System.nanoTime() - lost) / 1e9;
      transcript.note("the client's first message is acknowledged");
      server.process().output().stream()
          .filter(line -> line.contains("restored backup"))
          .forEach(transcript::note);
      transcript.run("java -jar target/parley.jar admin last-backup --url http://" + MANAGEMENT);
      RunbookWalk.rest(3);
      transcript.note(server.chatter.result());
      OptionalLong first = server.chatter.firstLost();
      transcript.note(
          String.format(
              Locale.ROOT,
              "RTO: %.1f s from kill -9 to the first acknowledged message. RPO: the oldest lost"
                  + " message was acknowledged %.1f s before kill -9, at %s",
              away,
              first.isPresent() ? (lost - first.getAsLong()) / 1e9 : 0,
              first.isPresent()
                  ? Instant.now().minusNanos(System.nanoTime() - first.getAsLong())
                  : "-"));
    }
  }

  private DrillServer single(Path data, Map<String, String> settings) {
    DrillServer server = DrillServer.start(data, settings, List.of());
    transcript.name(MANAGEMENT, server.management());
    transcript.name("CHAT-1", server.conversations.getFirst());
    return server;
  }

  /** Whether the journal has refused a write since the start. */
  private static boolean refused(DrillServer server) {
    return server
        .management("/metrics")
        .lines()
        .anyMatch(
            line ->
                line.startsWith("parley_journal_write_failures_total") && !line.endsWith(" 0.0"));
  }
}
