package parley.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BoundedMapTest {
  @Test
  void theOldestKeyIsForgottenWhateverWasWrittenOrReadSince() {
    BoundedMap<String, Integer> map = BoundedMap.byAge(2);
    map.put("a", 1);
    map.put("b", 2);
    map.put("a", 3);
    assertThat(map.get("a")).isEqualTo(3);
    assertThat(map.hasForgotten()).isFalse();
    map.put("c", 4);
    assertThat(map).containsOnlyKeys("b", "c");
    assertThat(map.hasForgotten()).isTrue();
  }

  @Test
  void theLeastRecentlyUsedEntryIsEvicted() {
    BoundedMap<String, Integer> map = BoundedMap.byUse(2);
    map.put("a", 1);
    map.put("b", 2);
    assertThat(map.get("a")).isEqualTo(1);
    map.put("c", 3);
    assertThat(map).containsOnlyKeys("a", "c");
  }

  @Test
  void theEntryWrittenLongestAgoIsEvicted() {
    BoundedMap<String, Integer> map = BoundedMap.byAge(2);
    map.putLast("a", 1);
    map.putLast("b", 2);
    map.putLast("a", 3);
    map.putLast("c", 4);
    assertThat(map).containsOnlyKeys("a", "c");
  }

  @Test
  void aMapWithoutRoomIsRefused() {
    assertThatThrownBy(() -> BoundedMap.byAge(0)).hasMessageContaining("0 entries");
  }
}
