package parley.proof.swarm;

/**
 * How the devices of a swarm behave.
 *
 * @param paceMillis the longest pause of a device between two steps
 * @param biggestGroup the members of the biggest group, at most
 * @param openGroups groups whose members come and go under load
 * @param hangUps whether devices cut their connection now and then
 * @param absences whether devices stay away for seconds, and come back to a backlog
 */
public record DeviceHabits(
    int paceMillis, int biggestGroup, int openGroups, boolean hangUps, boolean absences) {

  /** Devices that stay connected, of users who stay members. */
  public static DeviceHabits steady(int paceMillis) {
    return new DeviceHabits(paceMillis, Integer.MAX_VALUE, 0, true, false);
  }

  /** Devices that also disconnect, stay away, join and leave. */
  public static DeviceHabits lively(int paceMillis) {
    return new DeviceHabits(paceMillis, 24, 4, true, true);
  }
}
