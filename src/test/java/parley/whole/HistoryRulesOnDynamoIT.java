package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** What is read back, where the store is DynamoDB. */
@ExtendWith(OnDynamo.class)
class HistoryRulesOnDynamoIT extends HistoryRulesIT {}
