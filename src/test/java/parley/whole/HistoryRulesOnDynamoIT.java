package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link HistoryRulesIT} with DynamoDB as the store. */
@ExtendWith(OnDynamo.class)
class HistoryRulesOnDynamoIT extends HistoryRulesIT {}
